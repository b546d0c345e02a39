package org.clnorm;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.clnorm.LoadReport.Fault;
import org.clnorm.LoadReport.Kind;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.tensor.Shape;

/**
 * A batch count as somebody saved it: an integer of any type; a whole number in floating point, which is what becomes
 * of it where a whole file was converted; with no dimension, or one of 1, as PyTorch 0.3 had them.
 */
record SavedCount(String key, HostTensor saved) {
    /** Beyond it doubles are no longer all the whole numbers. */
    private static final double LARGEST_WHOLE = 0x1p53;

    private static final Set<ElementType> FLOATING =
            EnumSet.of(ElementType.F16, ElementType.BF16, ElementType.F32, ElementType.F64);
    private static final Set<ElementType> INTEGERS = EnumSet.of(ElementType.U8, ElementType.I8, ElementType.I16,
            ElementType.U16, ElementType.I32, ElementType.U32, ElementType.I64, ElementType.U64);

    /** The count, or why there is none. */
    Optional<Long> read(List<Fault> faults) {
        Shape shape = Shape.of(saved.shape());
        if (shape.size() != 1 || shape.rank() > 1) {
            return refused(faults, Kind.MISSHAPEN, "[]", shape.toString());
        }
        if (INTEGERS.contains(saved.type())) {
            return integer(faults);
        }
        return FLOATING.contains(saved.type()) ? whole(faults)
                : refused(faults, Kind.MISTYPED, "I64", saved.type().toString());
    }

    private Optional<Long> integer(List<Fault> faults) {
        long count = saved.type() == ElementType.U64 ? saved.bytes().getLong(0) : saved.toLongs()[0];
        if (count < 0) {
            return refused(faults, Kind.INVALID, "0 or more", saved.type() == ElementType.U64
                    ? Long.toUnsignedString(count) : Long.toString(count));
        }
        return Optional.of(count);
    }

    private Optional<Long> whole(List<Fault> faults) {
        double count = saved.toDoubles()[0];
        if (!(count >= 0 && count <= LARGEST_WHOLE && count == Math.rint(count))) {
            return refused(faults, Kind.INVALID, "a whole number of 0 or more", Double.toString(count));
        }
        return Optional.of((long) count);
    }

    private Optional<Long> refused(List<Fault> faults, Kind kind, String expected, String got) {
        faults.add(new Fault(kind, key, expected, got));
        return Optional.empty();
    }
}
