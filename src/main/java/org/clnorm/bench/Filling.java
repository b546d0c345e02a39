package org.clnorm.bench;

import java.util.SplittableRandom;
import org.clnorm.tensor.Tensor;

/**
 * Fills tensors of any size, window by window, with values that have no influence on the time: neither tiny nor huge.
 */
final class Filling {
    private static final int WINDOW = 1 << 20;

    private Filling() {
    }

    static Tensor random(Tensor tensor, long seed) {
        float[] values = new float[(int) Math.min(WINDOW, tensor.size())];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-2, 2);
        }
        for (long done = 0; done < tensor.size(); done += values.length) {
            int length = (int) Math.min(values.length, tensor.size() - done);
            tensor.storage().write(done, values, 0, length);
        }
        tensor.storage().touch();
        return tensor;
    }
}
