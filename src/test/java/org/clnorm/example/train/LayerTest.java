package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.clnorm.tensor.Tensor;
import org.jocl.cl_mem;
import org.junit.jupiter.api.Test;

/** Each layer of the example's own: what it computes against the host, and its gradients against differences. */
class LayerTest extends OnADeviceOfItsOwn {
    /** Layers are linear between their corners, and inputs keep away from these: differences err by rounding only. */
    private static final float STEP = 0.25f;
    private static final double ERROR = 1e-4;

    /** Random numbers that are further apart than two steps, and from zero than one. */
    private float[] apart(int count) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            places.add(i - count / 2);
        }
        Collections.shuffle(places, random);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = 3 * STEP * (places.get(i) + 0.5f);
        }
        return numbers;
    }

    /** Gradients of sum(r · y) by input and weights; leaves the output for x. */
    private void checkGradients(Layer layer, Variable input, float... x) {
        float[] r = numbers(layer.output().size());
        layer.weights().forEach(weight -> weight.value().write(numbers(weight.value().size())));
        input.value().write(x);
        layer.forward(true);
        layer.output().gradient().write(r);
        layer.backward();
        float[] dx = input.gradient().read();
        for (int i = 0; i < x.length; i++) {
            float value = x[i];
            x[i] = value + STEP;
            double above = sum(layer, input, x, r);
            x[i] = value - STEP;
            double below = sum(layer, input, x, r);
            x[i] = value;
            assertEquals((above - below) / (2 * STEP), dx[i], ERROR, "gradient by input " + i);
        }
        for (Weight weight : layer.weights()) {
            float[] values = weight.value().read();
            float[] dw = weight.gradient().get().read();
            for (int i = 0; i < values.length; i++) {
                float value = values[i];
                values[i] = value + STEP;
                weight.value().write(values);
                double above = sum(layer, input, x, r);
                values[i] = value - STEP;
                weight.value().write(values);
                double below = sum(layer, input, x, r);
                values[i] = value;
                weight.value().write(values);
                assertEquals((above - below) / (2 * STEP), dw[i], ERROR, "gradient by " + weight.name() + " " + i);
            }
        }
        sum(layer, input, x, r);
    }

    private static double sum(Layer layer, Variable input, float[] x, float[] r) {
        input.value().write(x);
        layer.forward(true);
        float[] y = layer.output().value().read();
        double sum = 0;
        for (int i = 0; i < y.length; i++) {
            sum += (double) r[i] * y[i];
        }
        return sum;
    }

    @Test
    void convolution() {
        Variable input = ops.variable(2, 4, 3, 2);
        Convolution convolution = new Convolution(ops, new PlainGemm(ops), "conv", input, 3);
        float[] x = numbers(input.size());
        checkGradients(convolution, input, x);
        Weight weight = convolution.weights().get(0);
        float[] w = weight.toPyTorch(weight.value().read()).toFloats();
        float[] y = convolution.output().value().read();
        for (int i = 0; i < y.length; i++) {
            assertEquals(convolved(x, w, i), y[i], 1e-6, "output " + i);
        }
        assertArrayEquals(weight.value().read(), weight.fromPyTorch(w));
    }

    /** An element [n, row, column, o] of the output, with the weight as PyTorch has it: [o, c, 3, 3]. */
    private static double convolved(float[] x, float[] w, int element) {
        int o = element % 3;
        int column = element / 3 % 3;
        int row = element / 9 % 4;
        int n = element / 36;
        double sum = 0;
        for (int c = 0; c < 2; c++) {
            for (int tap = 0; tap < 9; tap++) {
                int i = row + tap / 3 - 1;
                int j = column + tap % 3 - 1;
                if (i >= 0 && i < 4 && j >= 0 && j < 3) {
                    sum += (double) w[(o * 2 + c) * 9 + tap] * x[((n * 4 + i) * 3 + j) * 2 + c];
                }
            }
        }
        return sum;
    }

    @Test
    void nobodyAsksForTheGradientOfAnImage() {
        Variable input = new Variable(drawn(1, 4, 4, 1), null);
        Convolution convolution = new Convolution(ops, new PlainGemm(ops), "conv", input, 2);
        convolution.output().gradient().fill(1);
        convolution.forward(true);
        convolution.backward();
        float[] x = input.value().read();
        double sum = 0;
        for (float value : x) {
            sum += value;
        }
        // the tap in the middle sees every point
        assertEquals(sum, convolution.weights().get(0).gradient().get().read()[4 * 2], 1e-5);
    }

    @Test
    void linear() {
        Variable input = ops.variable(3, 2, 2, 5);
        Linear linear = new Linear(ops, new PlainGemm(ops), "linear", input, 4);
        float[] x = numbers(input.size());
        checkGradients(linear, input, x);
        Weight weight = linear.weights().get(0);
        float[] w = weight.toPyTorch(weight.value().read()).toFloats();
        float[] y = linear.output().value().read();
        for (int i = 0; i < y.length; i++) {
            double sum = 0;
            for (int f = 0; f < 20; f++) {
                // feature f is [channel, row, column] to PyTorch
                sum += (double) w[i % 4 * 20 + f] * x[i / 4 * 20 + f % 4 * 5 + f / 4];
            }
            assertEquals(sum, y[i], 1e-6, "output " + i);
        }
    }

    @Test
    void bias() {
        Variable variable = ops.variable(30, 3, 2, 5);
        float[] x = numbers(variable.size());
        Bias bias = new Bias(ops, "bias", variable);
        checkGradients(bias, variable, x);
        float[] b = bias.weights().get(0).value().read();
        float[] y = variable.value().read();
        for (int i = 0; i < y.length; i++) {
            assertEquals(x[i] + b[i % 5], y[i]);
        }
    }

    @Test
    void relu() {
        Variable variable = ops.variable(2, 2, 2, 3);
        Relu relu = new Relu(ops, variable);
        checkGradients(relu, variable, apart(variable.size()));
        variable.value().write(-1, 0, 1, Float.NaN, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
        relu.forward(true);
        variable.gradient().fill(5);
        relu.backward();
        assertEquals(List.of(0f, 0f, 1f, Float.NaN), firstFour(variable.value()));
        assertEquals(List.of(0f, 0f, 5f, 5f), firstFour(variable.gradient()));
    }

    private static List<Float> firstFour(Tensor tensor) {
        float[] values = tensor.read();
        return List.of(values[0], values[1], values[2], values[3]);
    }

    @Test
    void maxPool() {
        Variable input = ops.variable(2, 4, 2, 3);
        MaxPool pool = new MaxPool(ops, input);
        float[] x = apart(input.size());
        checkGradients(pool, input, x);
        float[] y = pool.output().value().read();
        for (int i = 0; i < y.length; i++) {
            int corner = i / 3 * 12 + i % 3;
            assertEquals(Math.max(Math.max(x[corner], x[corner + 3]), Math.max(x[corner + 6],
                    x[corner + 9])), y[i]);
        }
        assertThrows(IllegalArgumentException.class, () -> new MaxPool(ops, ops.variable(1, 3, 2, 1)));
    }

    @Test
    void ofEqualsTheFirstGetsTheGradient() {
        Variable input = ops.variable(1, 2, 2, 1);
        MaxPool pool = new MaxPool(ops, input);
        pool.output().gradient().fill(3);
        input.value().write(1, 2, 2, 2);
        pool.backward();
        assertArrayEquals(new float[] {0, 3, 0, 0}, input.gradient().read());
        input.value().write(0, 2, Float.NaN, 1);
        pool.forward(true);
        assertTrue(Float.isNaN(pool.output().value().read()[0]));
    }

    @Test
    void softmaxCrossEntropy() {
        Variable logits = ops.variable(3, 4);
        cl_mem labels = ops.ints(3);
        int[] right = {2, 0, 3};
        ops.write(labels, right);
        Tensor curve = ops.tensor(2);
        SoftmaxCrossEntropy loss = new SoftmaxCrossEntropy(ops, logits, labels, 3, curve);
        float[] z = {1, 2, 3, 0, 90, -90, 0, 1, 0.5f, 0.25f, 0, 0.125f};
        logits.value().write(z);
        loss.run(1);
        float[] gradient = logits.gradient().read();
        double mean = 0;
        for (int n = 0; n < 3; n++) {
            double sum = 0;
            for (int i = 0; i < 4; i++) {
                sum += Math.exp(z[n * 4 + i]);
            }
            mean += (Math.log(sum) - z[n * 4 + right[n]]) / 3;
            for (int i = 0; i < 4; i++) {
                double expected = (Math.exp(z[n * 4 + i]) / sum - (i == right[n] ? 1 : 0)) / 3;
                assertEquals(expected, gradient[n * 4 + i], 1e-7);
            }
        }
        assertEquals(0, curve.read()[0]);
        assertEquals(mean, curve.read()[1], 1e-6);
        loss.clear();
        loss.count(3);
        loss.count(2);
        assertEquals(4, loss.right());
        logits.value().fill(Double.NaN);
        loss.clear();
        loss.count(3);
        assertEquals(0, loss.right());
    }

    @Test
    void descentHasMomentum() {
        Tensor value = ops.tensor(2).write(1, 2);
        Tensor gradient = ops.tensor(2).write(10, -20);
        Sgd sgd = new Sgd(ops, List.of(Weight.plain("w", value, () -> gradient)), 0.5, 0.75);
        sgd.step();
        assertArrayEquals(new float[] {-4, 12}, value.read());
        sgd.step();
        assertArrayEquals(new float[] {-12.75f, 29.5f}, value.read());
    }
}
