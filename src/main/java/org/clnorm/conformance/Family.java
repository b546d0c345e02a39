package org.clnorm.conformance;

import java.util.List;
import java.util.Random;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;

/**
 * A family of values for the inputs of generated cases, by name: {@code normal}, {@code zero}, {@code ones},
 * {@code const}, {@code constchan} (one channel is constant), {@code chanscales} (each channel has a scale of its own),
 * {@code denormal}, {@code outlier} (one element of 1e6), {@code spike} (one of 30), {@code nan1}, {@code inf1},
 * {@code ninf1} (one such element), {@code exact} (see {@link ExactValues}), {@code offsetV} (around V, with
 * a deviation of V · 1e-6), {@code offsetV:D} (around V, with a deviation of D) and {@code scaleV} (normal times V).
 */
final class Family {
    static final Family NORMAL = new Family("normal", 1, 0, Float.MAX_VALUE);

    private static final double DENORMAL = 1e-39;
    private static final double DENORMAL_HALF = 1e-6;

    private static final List<String> PLAIN = List.of("normal", "zero", "ones", "const", "constchan", "chanscales",
            "denormal", "outlier", "spike", "nan1", "inf1", "ninf1", "exact");
    private static final String OFFSET = "offset";
    private static final String SCALE = "scale";

    private final String name;
    private final double scale;
    private final double offset;
    private final double largest;

    private Family(String name, double scale, double offset, double largest) {
        this.name = name;
        this.scale = scale;
        this.offset = offset;
        this.largest = largest;
    }

    static Family parse(String name) {
        if (PLAIN.contains(name)) {
            return new Family(name, name.equals("denormal") ? DENORMAL : 1, 0, Float.MAX_VALUE);
        }
        if (name.startsWith(OFFSET)) {
            int colon = name.indexOf(':');
            double offset = number(name, OFFSET.length(), colon < 0 ? name.length() : colon);
            double deviation = colon < 0 ? Math.abs(offset) * 1e-6 : number(name, colon + 1, name.length());
            return new Family(name, deviation, offset, Float.MAX_VALUE);
        }
        if (name.startsWith(SCALE)) {
            return new Family(name, number(name, SCALE.length(), name.length()), 0, Float.MAX_VALUE);
        }
        throw new IllegalArgumentException(
                "expected values of " + PLAIN + ", offset<number>[:<deviation>] or scale<number>, got '" + name + "'");
    }

    private static double number(String name, int from, int to) {
        try {
            double value = Double.parseDouble(name.substring(from, to));
            if (Double.isFinite(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("expected a finite number after '" + name.substring(0, from)
                + "', got '" + name + "'");
    }

    /** The same for tensors of a type: finite values stay in its range, and denormal are those that it has few of. */
    Family in(DataType type) {
        boolean few = type == DataType.F16 && isDenormal();
        return new Family(name, few ? DENORMAL_HALF : scale, offset, type.largest());
    }

    /** Values of a tensor; channels are its dimension {@code channelDim}. */
    float[] values(Shape shape, int channelDim, Random random) {
        float[] values = new float[Math.toIntExact(shape.size())];
        int inner = channelDim < shape.rank() ? Math.toIntExact(shape.size(channelDim + 1, shape.rank())) : 1;
        int channels = channelDim < shape.rank() ? Math.toIntExact(shape.dim(channelDim)) : 1;
        double constant = random.nextGaussian() + 3;
        for (int i = 0; i < values.length; i++) {
            int channel = i / Math.max(1, inner) % Math.max(1, channels);
            values[i] = clamp(value(channel, constant, random.nextGaussian()));
        }
        special(values, random);
        return values;
    }

    private double value(int channel, double constant, double normal) {
        return switch (name) {
            case "zero" -> 0;
            case "ones" -> 1;
            case "const" -> constant;
            case "constchan" -> channel == 0 ? constant : normal;
            case "chanscales" -> normal * Math.pow(10, channel % 13 - 6);
            default -> offset + scale * normal;
        };
    }

    /** A finite value for a running mean, of the family's magnitude. */
    float mean(Random random) {
        return clamp(offset + scale * random.nextGaussian() / 2);
    }

    /** A finite positive value for a running variance, of the family's magnitude. */
    float variance(Random random) {
        double value = scale * scale * (0.5 + random.nextDouble());
        return Math.max(Float.MIN_NORMAL, clamp(value));
    }

    private float clamp(double value) {
        return (float) Math.max(-largest, Math.min(largest, value));
    }

    private void special(float[] values, Random random) {
        if (values.length == 0) {
            return;
        }
        int at = random.nextInt(values.length);
        switch (name) {
            case "outlier" -> values[at] = clamp(1e6);
            case "spike" -> values[at] = 30;
            case "nan1" -> values[at] = Float.NaN;
            case "inf1" -> values[at] = Float.POSITIVE_INFINITY;
            case "ninf1" -> values[at] = Float.NEGATIVE_INFINITY;
            default -> {
                // no element stands out
            }
        }
    }

    /** Whether values depend on where an element's group is; {@link ExactValues} makes them. */
    boolean isExact() {
        return name.equals("exact");
    }

    boolean isDenormal() {
        return name.equals("denormal");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Family that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
