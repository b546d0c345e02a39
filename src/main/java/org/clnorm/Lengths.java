package org.clnorm;

import java.util.stream.LongStream;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * The lengths of a batch of sequences that are padded to one length: of sample n, the first {@code valid[n]} time steps
 * are its own. Made once a batch, for all layers that the batch goes through, see {@link PaddedNorm}.
 */
public final class Lengths implements AutoCloseable {
    /** Up to here floats know all whole numbers. */
    private static final long MOST = 1L << 24;

    private final long[] valid;
    private final long longest;
    private final long total;
    private final ForwardExtras extras;

    private Lengths(long[] valid, Tensor tensor) {
        this.valid = valid;
        longest = LongStream.of(valid).max().orElse(0);
        total = LongStream.of(valid).sum();
        extras = ForwardExtras.NONE.padded(tensor);
    }

    /**
     * Lengths on a device.
     *
     * @param device where the batch is
     * @param valid  of each sample its number of valid time steps, from 0 to 2<sup>24</sup>
     * @return lengths, closed with the current scope, or the caller's to close
     * @throws IllegalArgumentException if a length is out of range
     */
    public static Lengths of(Device device, long... valid) {
        float[] values = new float[valid.length];
        for (int n = 0; n < valid.length; n++) {
            if (valid[n] < 0 || valid[n] > MOST) {
                throw new IllegalArgumentException("expected lengths from 0 to " + MOST + ", got " + valid[n]
                        + " of sample " + n);
            }
            values[n] = valid[n];
        }
        Tensor tensor = device.empty(DataType.F32, Shape.of(valid.length));
        try {
            tensor.write(values);
            return new Lengths(valid.clone(), tensor);
        } catch (RuntimeException failed) {
            tensor.close();
            throw failed;
        }
    }

    /**
     * The number of samples.
     *
     * @return how many lengths there are
     */
    public int samples() {
        return valid.length;
    }

    /**
     * The length of a sample.
     *
     * @param sample its index
     * @return its number of valid time steps
     * @throws IndexOutOfBoundsException if there is no such sample
     */
    public long of(int sample) {
        return valid[sample];
    }

    /**
     * The valid time steps of all samples.
     *
     * @return their sum
     */
    public long total() {
        return total;
    }

    ForwardExtras extras() {
        return extras;
    }

    /** Throws unless they are those of a batch on a device, whose dimension {@code time} is time. */
    void check(Shape x, int time, Device device) {
        Checks.placed("lengths", extras.lengths(), device);
        if (valid.length != x.dim(0)) {
            throw new IllegalArgumentException("expected a length for each sample of input of shape " + x + ", got "
                    + valid.length + " lengths");
        }
        if (longest > x.dim(time)) {
            throw new IllegalArgumentException("expected lengths of at most " + x.dim(time)
                    + ", the time steps of input of shape " + x + ", got " + longest);
        }
    }

    /** Frees the device's copy; a backward pass to come has what it needs. Twice is once. */
    @Override
    public void close() {
        extras.lengths().close();
    }

    @Override
    public String toString() {
        return "Lengths(" + valid.length + " samples, " + total + " time steps, at most " + longest + ")";
    }
}
