package org.clnorm;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.clnorm.state.HostTensor;

/**
 * Writes values into many tensors, of any number of layers and devices: all of them or, if one fails, none. Devices on
 * which work failed are made usable again; what was lost with that cannot be put back, and stays lost if this fails.
 */
final class StateWriter {
    private StateWriter() {
    }

    static void write(Map<Slot, HostTensor> values) {
        change(values.keySet(), slot -> slot.write(values.get(slot).toDoubles()));
    }

    /** Sets slots to what they begin with. */
    static void reset(Collection<Slot> slots) {
        change(slots, Slot::reset);
    }

    /** Reads what is there, changes it, and puts back what was there if that fails. */
    private static void change(Collection<Slot> slots, Consumer<Slot> change) {
        slots.forEach(Slot::recoverDevice);
        Map<Slot, double[]> former = new LinkedHashMap<>();
        slots.stream().filter(Slot::isDefined).forEach(slot -> former.put(slot, slot.read()));
        Map<Slot, double[]> begun = new LinkedHashMap<>();
        try {
            slots.forEach(slot -> {
                begun.put(slot, former.get(slot)); // a write that fails may have come half way
                change.accept(slot);
            });
        } catch (Throwable failed) {
            begun.forEach((slot, before) -> putBack(slot, before, failed));
            throw failed;
        }
    }

    private static void putBack(Slot slot, double[] before, Throwable failed) {
        try {
            if (before == null) {
                slot.lose();
            } else {
                slot.write(before);
            }
        } catch (RuntimeException again) { // the others may still take theirs
            failed.addSuppressed(again);
        }
    }
}
