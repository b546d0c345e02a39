package org.clnorm.example.train;

import java.nio.file.Path;
import java.util.Objects;

/**
 * What a run of training is told.
 *
 * @param norm         what stands between a convolution and its ReLU
 * @param rate         the learning rate
 * @param epochs       how often each image is seen
 * @param batch        the images of a step
 * @param seed         decides weights, images and the order of batches
 * @param device       a selector of an OpenCL device, such as {@code opencl} or {@code opencl:0:0}
 * @param gemm         what multiplies matrices
 * @param images       how many digits are drawn to learn from
 * @param heldOut      how many digits are drawn to measure the accuracy by
 * @param measureEvery the accuracy is measured after so many steps
 * @param data         a folder with MNIST's files in the place of drawn digits, or null
 */
public record Settings(Normalization norm, double rate, int epochs, int batch, long seed, String device, GemmKind gemm,
        int images, int heldOut, int measureEvery, Path data) {
    /** What is kept of the last update in the next one. */
    public static final double MOMENTUM = 0.9;
    /** What is taken unless another is told: a few minutes on two cores. */
    public static final Settings STANDARD = new Settings(Normalization.BATCH_NORM, 0.01, 2, 64, 1, "opencl",
            GemmKind.AUTO, 8192, 1024, 16, null);
    /** A short run, to see that everything works. */
    public static final Settings QUICK = new Settings(Normalization.BATCH_NORM, 0.01, 1, 32, 1, "opencl",
            GemmKind.AUTO, 1024, 256, 8, null);

    /**
     * Settings, checked.
     *
     * @throws IllegalArgumentException if one of them is out of range
     */
    public Settings {
        Objects.requireNonNull(norm, "norm");
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(gemm, "gemm");
        if (!(rate > 0) || rate > Float.MAX_VALUE) {
            throw new IllegalArgumentException("expected a finite learning rate above 0, got " + rate);
        }
        check("epochs", epochs);
        check("images in a batch", batch);
        check("images to learn from", images);
        check("images held out", heldOut);
        check("steps between two measurements", measureEvery);
    }

    private static void check(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException("expected 1 or more " + what + ", got " + value);
        }
    }

    /**
     * The same with another normalization.
     *
     * @param value the normalization
     * @return new settings
     */
    public Settings withNorm(Normalization value) {
        return new Settings(value, rate, epochs, batch, seed, device, gemm, images, heldOut, measureEvery, data);
    }

    /**
     * The same with another learning rate.
     *
     * @param value the learning rate
     * @return new settings
     */
    public Settings withRate(double value) {
        return new Settings(norm, value, epochs, batch, seed, device, gemm, images, heldOut, measureEvery, data);
    }

    /**
     * The same with another number of epochs.
     *
     * @param value the number
     * @return new settings
     */
    public Settings withEpochs(int value) {
        return new Settings(norm, rate, value, batch, seed, device, gemm, images, heldOut, measureEvery, data);
    }

    /**
     * The same with batches of another size.
     *
     * @param value the images of a step
     * @return new settings
     */
    public Settings withBatch(int value) {
        return new Settings(norm, rate, epochs, value, seed, device, gemm, images, heldOut, measureEvery, data);
    }

    /**
     * The same with another seed.
     *
     * @param value the seed
     * @return new settings
     */
    public Settings withSeed(long value) {
        return new Settings(norm, rate, epochs, batch, value, device, gemm, images, heldOut, measureEvery, data);
    }

    /**
     * The same on another device.
     *
     * @param value a selector
     * @return new settings
     */
    public Settings withDevice(String value) {
        return new Settings(norm, rate, epochs, batch, seed, value, gemm, images, heldOut, measureEvery, data);
    }

    /**
     * The same with another multiplication of matrices.
     *
     * @param value which
     * @return new settings
     */
    public Settings withGemm(GemmKind value) {
        return new Settings(norm, rate, epochs, batch, seed, device, value, images, heldOut, measureEvery, data);
    }

    /**
     * The same with other numbers of drawn digits.
     *
     * @param learned how many to learn from
     * @param kept    how many to hold out
     * @return new settings
     */
    public Settings withImages(int learned, int kept) {
        return new Settings(norm, rate, epochs, batch, seed, device, gemm, learned, kept, measureEvery, data);
    }

    /**
     * The same with MNIST's files.
     *
     * @param folder where they lie, or null for drawn digits
     * @return new settings
     */
    public Settings withData(Path folder) {
        return new Settings(norm, rate, epochs, batch, seed, device, gemm, images, heldOut, measureEvery, folder);
    }
}
