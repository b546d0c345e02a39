package org.clnorm;

import java.util.LinkedHashMap;
import java.util.Map;
import org.clnorm.state.HostTensor;

/** Writes values into many tensors, of any number of layers and devices: all of them or, if one fails, none. */
final class StateWriter {
    private StateWriter() {
    }

    /** Reads what is there, writes what is new, and puts back what was there if that fails. */
    static void write(Map<Slot, HostTensor> values) {
        Map<Slot, double[]> former = new LinkedHashMap<>();
        values.keySet().forEach(slot -> former.put(slot, slot.read()));
        Map<Slot, double[]> begun = new LinkedHashMap<>();
        try {
            values.forEach((slot, loaded) -> {
                double[] converted = loaded.toDoubles();
                begun.put(slot, former.get(slot)); // a write that fails may have come half way
                slot.write(converted);
            });
        } catch (Throwable failed) {
            begun.forEach((slot, before) -> putBack(slot, before, failed));
            throw failed;
        }
    }

    private static void putBack(Slot slot, double[] before, Throwable failed) {
        try {
            slot.write(before);
        } catch (RuntimeException again) { // the others may still take theirs
            failed.addSuppressed(again);
        }
    }
}
