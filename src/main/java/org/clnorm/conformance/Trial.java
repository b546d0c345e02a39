package org.clnorm.conformance;

import java.util.Set;
import org.clnorm.tensor.DataType;

/**
 * What is done with a layer, and with which values.
 *
 * @param unbatched  whether the shape begins with the channels
 * @param steps      a letter a forward pass: t in training mode, e in evaluation mode
 * @param x          the values of x
 * @param dy         the values of dy
 * @param seed       of the values
 * @param backward   whether each forward pass is followed by a backward pass
 * @param frozen     some of weight, bias, statistics
 * @param accumulate whether the gradients of the parameters add up
 * @param dataType   the type of x, y, dy and dx
 * @param stored     whether parameters have that type too, where there are any
 */
record Trial(boolean unbatched, String steps, Family x, Family dy, long seed, boolean backward, Set<String> frozen,
        boolean accumulate, DataType dataType, boolean stored) {
    /** The type of weight, bias and their gradients. */
    DataType parameterType() {
        return stored ? dataType : DataType.F32;
    }
}
