package org.clnorm.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One side of a picture: the places of its cells, nested by dimension, with room between blocks and at cuts. */
final class Side {
    private static final double BLOCK = 9;
    private static final double CUT = 17;

    /** A row or column of cells: an index of each dimension of the side, and where it begins. */
    record Slot(long[] indices, double from) {
    }

    /** The middle of what a dimension's index covers. */
    record Tick(long index, double middle) {
    }

    private final List<Integer> dims;
    private final List<Slot> slots = new ArrayList<>();
    private final List<Double> cuts = new ArrayList<>();
    private final double cell;
    private double end;

    /** Of the dimensions, the outermost first, with the indices drawn of each, and the size of a cell. */
    Side(List<Integer> dims, List<long[]> indices, double cell) {
        this.dims = dims;
        this.cell = cell;
        place(indices, new long[dims.size()], 0);
    }

    private void place(List<long[]> indices, long[] at, int level) {
        if (level == at.length) {
            advance(at);
            slots.add(new Slot(at.clone(), end));
            end += cell;
            return;
        }
        for (long index : indices.get(level)) {
            at[level] = index;
            place(indices, at, level + 1);
        }
    }

    private void advance(long[] at) {
        if (slots.isEmpty()) {
            return;
        }
        long[] before = slots.get(slots.size() - 1).indices();
        int level = Arrays.mismatch(before, at);
        boolean cut = at[level] != before[level] + 1;
        double gap = (at.length - 1 - level) * BLOCK + (cut ? CUT : 0);
        if (cut) {
            cuts.add(end + gap / 2);
        }
        end += gap;
    }

    List<Integer> dims() {
        return dims;
    }

    List<Slot> slots() {
        return slots;
    }

    /** Where indices are left out. */
    List<Double> cuts() {
        return cuts;
    }

    double length() {
        return end;
    }

    /** Whether a slot touches the one before. */
    boolean touches(int slot) {
        return slot > 0 && slot < slots.size() && slots.get(slot).from() - slots.get(slot - 1).from() < cell + 1;
    }

    /** What to write along the side for a dimension. */
    List<Tick> ticks(int level) {
        List<Tick> ticks = new ArrayList<>();
        int first = 0;
        for (int i = 1; i <= slots.size(); i++) {
            if (i == slots.size() || !Arrays.equals(slots.get(i).indices(), 0, level + 1,
                    slots.get(first).indices(), 0, level + 1)) {
                double middle = (slots.get(first).from() + slots.get(i - 1).from() + cell) / 2;
                ticks.add(new Tick(slots.get(first).indices()[level], middle));
                first = i;
            }
        }
        return ticks;
    }
}
