package org.clnorm;

import java.util.Arrays;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;

/** A scale and a shift a channel, moved into the weights of a neighbouring layer: in double, rounded once. */
final class Folding {
    private Folding() {
    }

    /** y = scale · (W x + b) + shift. */
    static Folded before(double[] scale, double[] shift, HostTensor weight, HostTensor bias) {
        long[] shape = shape(weight);
        int channels = scale.length;
        if (shape[0] != channels) {
            throw misfit("[" + channels + ", …], out first", weight);
        }
        double[] w = weight.toDoubles();
        int each = w.length / channels;
        for (int i = 0; i < w.length; i++) {
            w[i] *= scale[i / each];
        }
        return folded(weight, w, bias, scaled(scale, shift, bias));
    }

    /** The same with the outputs in the second dimension, those of a group together. */
    static Folded beforeTransposed(double[] scale, double[] shift, HostTensor weight, HostTensor bias, int groups) {
        long[] shape = shape(weight);
        int channels = scale.length;
        checkGroups(groups, channels, "outputs");
        if (shape[1] != channels / groups || shape[0] % groups != 0) {
            throw misfit("[in, " + channels / groups + ", …], in a multiple of " + groups + " groups", weight);
        }
        double[] w = weight.toDoubles();
        int outputs = channels / groups;
        int taps = taps(shape);
        long inputs = shape[0] / groups;
        for (int i = 0; i < w.length; i++) {
            int input = i / taps / outputs;
            int group = (int) (input / inputs);
            w[i] *= scale[group * outputs + i / taps % outputs];
        }
        return folded(weight, w, bias, scaled(scale, shift, bias));
    }

    /** y = W (scale · x + shift) + b. */
    static Folded after(double[] scale, double[] shift, HostTensor weight, HostTensor bias, int groups) {
        long[] shape = shape(weight);
        int channels = scale.length;
        checkGroups(groups, channels, "inputs");
        if (shape[1] != channels / groups || shape[0] % groups != 0) {
            throw misfit("[out, " + channels / groups + ", …], out a multiple of " + groups + " groups", weight);
        }
        int outputs = (int) shape[0];
        double[] w = weight.toDoubles();
        double[] b = values(bias, outputs);
        int inputs = channels / groups;
        int taps = taps(shape);
        for (int i = 0; i < w.length; i++) {
            int output = i / taps / inputs;
            int group = output / (outputs / groups);
            int channel = group * inputs + i / taps % inputs;
            b[output] += w[i] * shift[channel];
            w[i] *= scale[channel];
        }
        return folded(weight, w, bias, b);
    }

    private static double[] scaled(double[] scale, double[] shift, HostTensor bias) {
        double[] b = values(bias, scale.length);
        for (int c = 0; c < b.length; c++) {
            b[c] = b[c] * scale[c] + shift[c];
        }
        return b;
    }

    private static Folded folded(HostTensor weight, double[] w, HostTensor bias, double[] b) {
        ElementType type = bias == null ? weight.type() : bias.type();
        return new Folded(HostTensor.of(weight.type(), w, weight.shape()), HostTensor.of(type, b, b.length));
    }

    private static double[] values(HostTensor bias, int outputs) {
        if (bias == null) {
            return new double[outputs];
        }
        if (!Arrays.equals(bias.shape(), new long[] {outputs})) {
            throw new IllegalArgumentException("expected a bias of shape [" + outputs + "], got "
                    + Arrays.toString(bias.shape()));
        }
        return bias.toDoubles();
    }

    private static long[] shape(HostTensor weight) {
        long[] shape = weight.shape();
        if (shape.length < 2 || weight.count() == 0) {
            throw misfit("two dimensions or more, none of them 0", weight);
        }
        return shape;
    }

    private static int taps(long[] shape) {
        return (int) Arrays.stream(shape, 2, shape.length).reduce(1, (a, b) -> a * b);
    }

    private static void checkGroups(int groups, int channels, String what) {
        if (groups < 1 || channels % groups != 0) {
            throw new IllegalArgumentException(
                    "expected groups that " + channels + " " + what + " are a multiple of, got " + groups);
        }
    }

    private static IllegalArgumentException misfit(String expected, HostTensor weight) {
        return new IllegalArgumentException("expected a weight of shape " + expected + ", got "
                + Arrays.toString(weight.shape()));
    }
}
