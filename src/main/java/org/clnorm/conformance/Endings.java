package org.clnorm.conformance;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.clnorm.Lengths;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;

/**
 * Where the sequences of a batch end: each as listed, {@code 5x7x3}; at {@code random} from half of their room on,
 * three quarters of it on average; or all of them at the end of it, {@code full}.
 *
 * @param text one of these, or empty where the batch is no sequences
 */
record Endings(String text) {
    static final Endings NONE = new Endings("");
    static final Endings FULL = new Endings("full");
    static final Endings RANDOM = new Endings("random");

    Endings {
        if (!text.matches("|full|random|[0-9]{1,8}(x[0-9]{1,8})*")) {
            throw new IllegalArgumentException("expected lengths of full, random or numbers joined by x, got '" + text
                    + "'");
        }
    }

    boolean exist() {
        return !text.isEmpty();
    }

    /** Of a batch of a stored shape. */
    long[] lengths(Shape stored, int time) {
        if (stored.rank() <= time) {
            throw new IllegalArgumentException("expected lengths of inputs of " + (time + 1)
                    + " dimensions or more, got the shape " + stored);
        }
        int samples = Math.toIntExact(stored.dim(0));
        long steps = stored.dim(time);
        Random random = new Random(samples * 31L + steps);
        return switch (text) {
            case "full" -> LongStream.generate(() -> steps).limit(samples).toArray();
            case "random" -> LongStream.generate(() -> steps - (long) (random.nextDouble() * (steps / 2 + 1)))
                    .limit(samples).toArray();
            default -> listed(samples);
        };
    }

    private long[] listed(int samples) {
        long[] lengths = Arrays.stream(text.split("x")).mapToLong(Long::parseLong).toArray();
        if (lengths.length != samples) {
            throw new IllegalArgumentException("expected a length for each of " + samples + " samples, got " + text);
        }
        return lengths;
    }

    Lengths on(Device device, Shape stored, int time) {
        return Lengths.of(device, lengths(stored, time));
    }

    /** By element whether it is valid; all are where the batch is no sequences. */
    boolean[] valid(Shape stored, int time) {
        boolean[] valid = new boolean[Math.toIntExact(stored.size())];
        Arrays.fill(valid, !exist());
        if (exist() && valid.length > 0) {
            long[] lengths = lengths(stored, time);
            long unit = stored.size(time + 1, stored.rank());
            long sample = stored.size(1, stored.rank());
            for (int i = 0; i < valid.length; i++) {
                valid[i] = i / unit % stored.dim(time) < lengths[(int) (i / sample)];
            }
        }
        return valid;
    }
}
