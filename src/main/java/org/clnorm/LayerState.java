package org.clnorm;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** The named tensors of a layer, and the batch count of those that count: what is saved, loaded and moved. */
final class LayerState {
    static final String BATCHES = "num_batches_tracked";

    private static final Set<ElementType> FLOATING =
            EnumSet.of(ElementType.F16, ElementType.BF16, ElementType.F32, ElementType.F64);

    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private boolean counts;
    private long batches;

    Slot add(String name, Shape shape, DataType type, double initial) {
        Slot slot = new Slot(name, shape, type, initial);
        slots.put(name, slot);
        return slot;
    }

    void addBatchCount() {
        counts = true;
    }

    long batches() {
        return batches;
    }

    void batches(long count) {
        batches = count;
    }

    void place(Device device) {
        List<Tensor> copies = new ArrayList<>();
        try {
            for (Slot slot : slots.values()) {
                copies.add(slot.copyTo(device));
            }
        } catch (RuntimeException failed) {
            copies.forEach(Tensor::close);
            throw failed;
        }
        int i = 0;
        for (Slot slot : slots.values()) {
            slot.place(copies.get(i++));
        }
    }

    void close() {
        slots.values().forEach(Slot::close);
    }

    StateDict save() {
        StateDict dict = new StateDict();
        slots.forEach((name, slot) -> dict.put(name, host(slot)));
        if (counts) {
            dict.put(BATCHES, HostTensor.ofLongs(new long[] {batches}));
        }
        return dict;
    }

    private static HostTensor host(Slot slot) {
        return HostTensor.of(ElementType.of(slot.type()), slot.read(), slot.shape().dims());
    }

    void load(StateDict dict, boolean strict) {
        List<String> faults = strict ? keyFaults(dict) : new ArrayList<>();
        Map<Slot, double[]> values = new LinkedHashMap<>();
        slots.forEach((name, slot) -> find(dict, name)
                .ifPresent(loaded -> fit(slot, loaded, faults).ifPresent(v -> values.put(slot, v))));
        long count = counts ? find(dict, BATCHES).map(loaded -> count(loaded, faults)).orElse(batches) : batches;
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(
                    "expected a state that fits the layer, got " + String.join("; ", faults));
        }
        write(values);
        batches = count;
    }

    private static Optional<HostTensor> find(StateDict dict, String name) {
        return Optional.ofNullable(dict.tensors().get(name));
    }

    private List<String> keyFaults(StateDict dict) {
        List<String> faults = new ArrayList<>();
        List<String> expected = new ArrayList<>(slots.keySet());
        if (counts) {
            expected.add(BATCHES);
        }
        List<String> missing = expected.stream().filter(name -> !dict.contains(name)).toList();
        List<String> unexpected = dict.tensors().keySet().stream().filter(name -> !expected.contains(name)).toList();
        if (!missing.isEmpty()) {
            faults.add("missing keys " + missing);
        }
        if (!unexpected.isEmpty()) {
            faults.add("unexpected keys " + unexpected);
        }
        return faults;
    }

    private static Optional<double[]> fit(Slot slot, HostTensor loaded, List<String> faults) {
        Shape shape = Shape.of(loaded.shape());
        if (!shape.equals(slot.shape())) {
            faults.add(slot.name() + " of shape " + shape + " instead of " + slot.shape());
            return Optional.empty();
        }
        if (!FLOATING.contains(loaded.type())) {
            faults.add(slot.name() + " of type " + loaded.type() + " instead of a floating point type");
            return Optional.empty();
        }
        return Optional.of(loaded.toDoubles());
    }

    private static long count(HostTensor loaded, List<String> faults) {
        if (loaded.type() != ElementType.I64 || loaded.shape().length != 0) {
            faults.add(BATCHES + " of type " + loaded.type() + " and shape " + Shape.of(loaded.shape())
                    + " instead of I64 and []");
            return 0;
        }
        long count = loaded.toLongs()[0];
        if (count < 0) {
            faults.add(BATCHES + " of " + count);
        }
        return count;
    }

    /** Writes all or, if one write fails, puts the former values back. */
    private static void write(Map<Slot, double[]> values) {
        Map<Slot, double[]> former = new LinkedHashMap<>();
        try {
            values.forEach((slot, loaded) -> {
                double[] before = slot.read();
                slot.write(loaded);
                former.put(slot, before);
            });
        } catch (RuntimeException failed) {
            former.forEach(Slot::write);
            throw failed;
        }
    }
}
