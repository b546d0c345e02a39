package org.clnorm;

import org.clnorm.state.HostTensor;

/**
 * Convolutions as their definition has them, in double, over [N, in, A, B, C] in which missing dimensions are of size
 * 1: with zeros around, groups, stride 1. Written for the tests of folding alone.
 */
final class Convolution {
    private final int[] kernel = {1, 1, 1};
    private final int groups;
    private final int padding;
    private final boolean transposed;
    private final int first;
    private final int second;
    private final double[] weight;
    private final double[] bias;

    Convolution(HostTensor weight, HostTensor bias, int groups, int padding, boolean transposed) {
        long[] shape = weight.shape();
        for (int d = 2; d < shape.length; d++) {
            kernel[d - 2] = (int) shape[d];
        }
        first = (int) shape[0];
        second = (int) shape[1];
        this.groups = groups;
        this.padding = padding;
        this.transposed = transposed;
        this.weight = weight.toDoubles();
        this.bias = bias == null ? new double[outputs()] : bias.toDoubles();
    }

    int outputs() {
        return transposed ? second * groups : first;
    }

    private int inputs() {
        return transposed ? first : second * groups;
    }

    private int[] space(int[] x, int rank) {
        int[] y = {1, 1, 1};
        for (int d = 0; d < rank; d++) {
            y[d] = transposed ? x[d] + kernel[d] - 1 - 2 * padding : x[d] - kernel[d] + 1 + 2 * padding;
        }
        return y;
    }

    /** Each output, and with magnitudes the sum of the magnitudes it is made of. */
    double[] apply(double[] x, long[] shape, boolean magnitudes) {
        int[] in = {1, 1, 1};
        for (int d = 2; d < shape.length; d++) {
            in[d - 2] = (int) shape[d];
        }
        int[] out = space(in, shape.length - 2);
        int samples = (int) shape[0];
        double[] y = new double[samples * outputs() * out[0] * out[1] * out[2]];
        int at = 0;
        for (int n = 0; n < samples; n++) {
            for (int o = 0; o < outputs(); o++) {
                for (int a = 0; a < out[0]; a++) {
                    for (int b = 0; b < out[1]; b++) {
                        for (int c = 0; c < out[2]; c++) {
                            y[at++] = element(x, in, n, o, new int[] {a, b, c}, shape.length - 2, magnitudes);
                        }
                    }
                }
            }
        }
        return y;
    }

    private double element(double[] x, int[] in, int n, int output, int[] at, int rank, boolean magnitudes) {
        double sum = magnitudes ? Math.abs(bias[output]) : bias[output];
        int perGroup = inputs() / groups;
        int group = output / (outputs() / groups);
        for (int i = group * perGroup; i < (group + 1) * perGroup; i++) {
            for (int a = 0; a < kernel[0]; a++) {
                for (int b = 0; b < kernel[1]; b++) {
                    for (int c = 0; c < kernel[2]; c++) {
                        int from = position(new int[] {a, b, c}, at, in, rank);
                        if (from >= 0) {
                            double product = weight(output, i, (a * kernel[1] + b) * kernel[2] + c)
                                    * x[(n * inputs() + i) * in[0] * in[1] * in[2] + from];
                            sum += magnitudes ? Math.abs(product) : product;
                        }
                    }
                }
            }
        }
        return sum;
    }

    private double weight(int output, int input, int tap) {
        int taps = kernel[0] * kernel[1] * kernel[2];
        int row = transposed ? input : output;
        int column = transposed ? output % second : input % second;
        return weight[(row * second + column) * taps + tap];
    }

    /** Where in a channel of the input a tap falls, or −1 beside it. */
    private int position(int[] tap, int[] at, int[] in, int rank) {
        int position = 0;
        for (int d = 0; d < 3; d++) {
            int around = d < rank ? padding : 0;
            int p = transposed ? at[d] + around - tap[d] : at[d] - around + tap[d];
            if (p < 0 || p >= in[d]) {
                return -1;
            }
            position = position * in[d] + p;
        }
        return position;
    }
}
