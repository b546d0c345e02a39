package org.clnorm.example;

import static org.clnorm.example.JoclLoop.BATCHES;
import static org.clnorm.example.JoclLoop.CHANNELS;
import static org.clnorm.example.JoclLoop.COUNT;
import static org.clnorm.example.JoclLoop.RATE;
import static org.clnorm.example.JoclLoop.SHAPE;
import static org.clnorm.example.JoclLoop.SPACE;

import java.util.Arrays;
import org.clnorm.BatchNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.NormLayer;
import org.clnorm.Parameter;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/** The loop of {@link JoclLoop} once more, out of place, with the layers on the CPU engine and the rest in Java. */
final class CpuLoop implements AutoCloseable {
    private final Differences task = Differences.make();
    private final float[] weight = task.weight().clone();
    private final Device device = Device.cpu();
    private final BatchNorm2d batchNorm = new BatchNorm2d(CHANNELS).on(device);
    private final LayerNorm layerNorm = new LayerNorm(CHANNELS, 6, 6).on(device);
    private int steps;

    /** A step; its loss. */
    float step() {
        int batch = steps++ % BATCHES * COUNT;
        float[] x = Arrays.copyOfRange(task.inputs(), batch, batch + COUNT);
        float[] target = Arrays.copyOfRange(task.targets(), batch, batch + COUNT);
        try (Scope scope = device.scope()) {
            float[] active = batchNorm.forward(tensor(mix(x))).read();
            for (int i = 0; i < COUNT; i++) {
                active[i] = Math.max(active[i], 0);
            }
            float[] d = layerNorm.forward(tensor(active)).read();
            double loss = 0;
            for (int i = 0; i < COUNT; i++) {
                double distance = d[i] - target[i];
                loss += distance * distance / (2 * COUNT);
                d[i] = (float) (distance / COUNT);
            }
            d = layerNorm.backward(tensor(d)).read();
            for (int i = 0; i < COUNT; i++) {
                d[i] = active[i] > 0 ? d[i] : 0;
            }
            descend(weight, mixGradient(x, batchNorm.backward(tensor(d)).read()));
            update(batchNorm);
            update(layerNorm);
            return (float) loss;
        }
    }

    private Tensor tensor(float[] values) {
        return device.tensor(values, SHAPE.dims());
    }

    private float[] mix(float[] x) {
        float[] y = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            double sum = 0;
            for (int c = 0; c < CHANNELS; c++) {
                sum += (double) weight[i / SPACE % CHANNELS * CHANNELS + c] * x[neighbour(i, c)];
            }
            y[i] = (float) sum;
        }
        return y;
    }

    private static float[] mixGradient(float[] x, float[] dy) {
        double[] sums = new double[CHANNELS * CHANNELS];
        for (int i = 0; i < COUNT; i++) {
            for (int c = 0; c < CHANNELS; c++) {
                sums[i / SPACE % CHANNELS * CHANNELS + c] += (double) dy[i] * x[neighbour(i, c)];
            }
        }
        float[] gradient = new float[sums.length];
        for (int i = 0; i < sums.length; i++) {
            gradient[i] = (float) sums[i];
        }
        return gradient;
    }

    /** The same point of the same sample, in another channel. */
    private static int neighbour(int element, int channel) {
        int sample = CHANNELS * SPACE;
        return element / sample * sample + channel * SPACE + element % SPACE;
    }

    private static void update(NormLayer layer) {
        for (Parameter parameter : layer.parameters().values()) {
            float[] values = parameter.value().read();
            descend(values, parameter.grad().read());
            parameter.value().write(values);
        }
    }

    private static void descend(float[] values, float[] gradient) {
        for (int i = 0; i < values.length; i++) {
            values[i] -= RATE * gradient[i];
        }
    }

    float[] weight() {
        return weight;
    }

    BatchNorm2d batchNorm() {
        return batchNorm;
    }

    LayerNorm layerNorm() {
        return layerNorm;
    }

    @Override
    public void close() {
        device.close();
    }
}
