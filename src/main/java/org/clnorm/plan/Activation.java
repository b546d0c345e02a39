package org.clnorm.plan;

import java.util.Locale;

/**
 * What is applied to every element of y after the affine, and its derivative by what it is applied to.
 *
 * @param kind  which function
 * @param slope of {@link Kind#LEAKY_RELU} below 0; 0 for the others
 */
public record Activation(Kind kind, double slope) {
    /** The identity. */
    public static final Activation NONE = new Activation(Kind.NONE, 0);
    /** max(v, 0); its derivative at 0 is 0. */
    public static final Activation RELU = new Activation(Kind.RELU, 0);
    /** v · σ(v), the sigmoid linear unit, also known as swish. Elfwing, Uchibe and Doya, 2017. */
    public static final Activation SILU = new Activation(Kind.SILU, 0);
    /** v · Φ(v) with the normal distribution function. Hendrycks and Gimpel, 2016. */
    public static final Activation GELU = new Activation(Kind.GELU, 0);
    /** v · σ(2 √(2/π) · (v + 0.044715 v³)), the approximation by a tanh. Hendrycks and Gimpel, 2016. */
    public static final Activation GELU_TANH = new Activation(Kind.GELU_TANH, 0);

    private static final double CUBIC = 0.044715;
    private static final double TANH_SCALE = 2 * Math.sqrt(2 / Math.PI);
    private static final double TANH_RANGE = 22;
    private static final double DENSITY_SCALE = 1 / Math.sqrt(2 * Math.PI);

    /** The functions; kernels know them by their order. */
    public enum Kind {
        /** The identity. */
        NONE,
        /** Rectified linear unit. */
        RELU,
        /** Rectified linear unit with a slope below 0. */
        LEAKY_RELU,
        /** Sigmoid linear unit. */
        SILU,
        /** Gaussian error linear unit. */
        GELU,
        /** The same, approximated by a tanh. */
        GELU_TANH
    }

    /**
     * Checks the slope.
     *
     * @param kind  which function
     * @param slope finite
     * @throws IllegalArgumentException if the slope is not finite
     */
    public Activation {
        if (!Double.isFinite(slope)) {
            throw new IllegalArgumentException("expected a finite slope, got " + slope);
        }
    }

    /**
     * v where v is positive, slope · v elsewhere.
     *
     * @param slope finite; PyTorch's default is 0.01
     * @return the activation
     * @throws IllegalArgumentException if the slope is not finite
     */
    public static Activation leakyRelu(double slope) {
        return new Activation(Kind.LEAKY_RELU, slope);
    }

    /**
     * Whether the function has a corner at 0, where its derivative jumps.
     *
     * @return true for the rectifiers
     */
    public boolean hasCorner() {
        return kind == Kind.RELU || kind == Kind.LEAKY_RELU;
    }

    /**
     * The function.
     *
     * @param v where
     * @return its value
     */
    public double value(double v) {
        return switch (kind) {
            case NONE -> v;
            case RELU -> v <= 0 ? 0 : v;
            case LEAKY_RELU -> v <= 0 ? slope * v : v;
            case SILU -> v * sigmoid(v);
            case GELU -> v * ErrorFunction.normal(v);
            case GELU_TANH -> v * sigmoid(TANH_SCALE * (v + CUBIC * v * v * v));
        };
    }

    /**
     * The derivative.
     *
     * @param v where
     * @return its value
     */
    public double derivative(double v) {
        return switch (kind) {
            case NONE -> 1;
            case RELU -> v <= 0 ? 0 : 1;
            case LEAKY_RELU -> v <= 0 ? slope : 1;
            case SILU -> sigmoid(v) * (1 + v * sigmoid(-v));
            case GELU -> ErrorFunction.normal(v) + v * DENSITY_SCALE * Math.exp(-v * v / 2);
            case GELU_TANH -> {
                // beyond, it is 0 or 1 to the last digit, and powers of v would leave the range; NaN stays NaN
                double within = Math.max(-TANH_RANGE, Math.min(TANH_RANGE, v));
                double u = TANH_SCALE * (within + CUBIC * within * within * within);
                double inner = TANH_SCALE * (1 + 3 * CUBIC * within * within);
                yield sigmoid(u) * (1 + within * inner * sigmoid(-u));
            }
        };
    }

    private static double sigmoid(double v) {
        return 1 / (1 + Math.exp(-v));
    }

    /**
     * An activation by its name.
     *
     * @param text what {@link #toString()} gives
     * @return the activation
     * @throws IllegalArgumentException if there is none of this name
     */
    public static Activation parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        for (Kind kind : Kind.values()) {
            if (kind.name().toLowerCase(Locale.ROOT).equals(name) && colon < 0 != (kind == Kind.LEAKY_RELU)) {
                return new Activation(kind, colon < 0 ? 0 : Double.parseDouble(text.substring(colon + 1)));
            }
        }
        throw new IllegalArgumentException("expected an activation of none, relu, leaky_relu:SLOPE, silu, gelu or"
                + " gelu_tanh, got '" + text + "'");
    }

    /** {@code relu}, {@code leaky_relu:0.01}. */
    @Override
    public String toString() {
        String name = kind.name().toLowerCase(Locale.ROOT);
        return kind == Kind.LEAKY_RELU ? name + ":" + slope : name;
    }
}
