package org.clnorm.engine.cpu;

import org.clnorm.plan.Padding;
import org.clnorm.tensor.Tensor;

/** Which elements of a pass are valid: all, where it has no lengths. */
final class Valid {
    private final Padding padding;
    private final ArrayStorage lengths;

    Valid(Padding padding, Tensor lengths) {
        this.padding = padding;
        this.lengths = padding.exists() ? CpuDevice.array(lengths) : null;
    }

    boolean all() {
        return lengths == null;
    }

    boolean at(int i) {
        return all() || i % padding.run() < padding.valid((long) lengths.get((int) (i / padding.sample())));
    }

    /** How many elements of a group are valid. */
    int count(Walk.Position start, Walk elements) {
        if (all()) {
            return elements.size();
        }
        int[] count = new int[1];
        elements.forEach(start, (offset, param, group, line) -> {
            for (int i = 0; i < line.length(); i++) {
                count[0] += at(offset + i * line.stride()) ? 1 : 0;
            }
        });
        return count[0];
    }
}
