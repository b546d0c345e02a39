package org.clnorm;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    boolean counts() {
        return counts;
    }

    /** By name, not to be changed. */
    Map<String, Slot> slots() {
        return Collections.unmodifiableMap(slots);
    }

    /** The names of all that is saved. */
    List<String> keys() {
        List<String> keys = new ArrayList<>(slots.keySet());
        if (counts) {
            keys.add(BATCHES);
        }
        return keys;
    }

    /** Copies of all tensors on a device; the state itself is unchanged until {@link #place(List)}. */
    List<Tensor> copiesOn(Device device) {
        List<Tensor> copies = new ArrayList<>();
        try {
            for (Slot slot : slots.values()) {
                copies.add(slot.copyTo(device));
            }
            return copies;
        } catch (RuntimeException failed) {
            copies.forEach(Tensor::close);
            throw failed;
        }
    }

    /** Makes copies the state, in place of the tensors that were it. */
    void place(List<Tensor> copies) {
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
}
