package org.clnorm.conformance;

import java.nio.file.Path;
import java.util.function.Supplier;
import org.clnorm.NormLayer;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** Where {@link CaseInWays} runs a case, and what may go wrong there. */
public interface Venue {
    /** Where layers are put. */
    Device device();

    /** A tensor with undefined contents, of the current scope. */
    Tensor empty(DataType type, Shape shape);

    /** Makes a call, which may fail and be made again; gives what it gives. A layer without state yet is null. */
    <T> T attempt(NormLayer layer, Supplier<T> call);

    /** As {@link #attempt(NormLayer, Supplier)}, for a call that gives nothing. */
    default void attempt(NormLayer layer, Runnable call) {
        attempt(layer, () -> {
            call.run();
            return null;
        });
    }

    /** A file for a state that is saved and loaded again. */
    Path file();
}
