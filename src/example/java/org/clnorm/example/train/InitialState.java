package org.clnorm.example.train;

import java.nio.file.Path;
import org.clnorm.state.HostTensor;

/** What another program needs to train the same network on the same images in the same order. */
final class InitialState {
    private InitialState() {
    }

    /**
     * Saves weights and the batches of the first steps: {@link Training#weights()} and {@code images} [steps, N, H, W],
     * {@code labels} [steps, N].
     *
     * @param training a run before its first step
     * @param learned  the images that it learns from
     * @param count    how many steps, of the first epoch
     * @param file     a file in the format of safetensors
     * @throws IllegalStateException    if a step was done already
     * @throws IllegalArgumentException if an epoch has fewer steps
     */
    static void save(Training training, Images learned, int count, Path file) {
        if (training.steps() != 0) {
            throw new IllegalStateException("expected a run before its first step, got one after " + training.steps());
        }
        if (count < 1 || count > training.stepsOfAnEpoch()) {
            throw new IllegalArgumentException("expected 1 to " + training.stepsOfAnEpoch() + " steps, got " + count);
        }
        int batch = training.settings().batch();
        int[] order = Dataset.shuffled(training.settings().seed(), 0, learned.count());
        int size = learned.height() * learned.width();
        float[] pixels = new float[count * batch * size];
        long[] digits = new long[count * batch];
        for (int i = 0; i < digits.length; i++) {
            System.arraycopy(learned.pixels(), order[i] * size, pixels, i * size, size);
            digits[i] = learned.labels()[order[i]];
        }
        training.weights().put("images", HostTensor.ofFloats(pixels, count, batch, learned.height(), learned.width()))
                .put("labels", HostTensor.ofLongs(digits, count, batch)).save(file);
    }
}
