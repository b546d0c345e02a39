package org.clnorm.plan;

import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/** Views taken apart index by index: which group and parameter each element of the buffer has. */
final class Indices {
    private Indices() {
    }

    /** What one element belongs to. */
    record Place(long group, long param) {
    }

    /** Every element's offset with its place; groups count the kept axes in row-major order. */
    static TreeMap<Long, Place> of(List<Axis> axes) {
        TreeMap<Long, Place> places = new TreeMap<>();
        walk(axes, 0, 0, 0, 0, places);
        return places;
    }

    private static void walk(List<Axis> axes, int depth, long offset, long group, long param,
            TreeMap<Long, Place> places) {
        if (depth == axes.size()) {
            if (places.put(offset, new Place(group, param)) != null) {
                throw new IllegalArgumentException("two indices lead to offset " + offset);
            }
            return;
        }
        Axis axis = Objects.requireNonNull(axes.get(depth));
        for (long i = 0; i < axis.size(); i++) {
            walk(axes, depth + 1, offset + i * axis.stride(), axis.reduced() ? group : group * axis.size() + i,
                    param + i * axis.paramStride(), places);
        }
    }
}
