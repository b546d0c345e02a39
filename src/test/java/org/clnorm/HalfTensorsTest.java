package org.clnorm;

import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.clnorm.engine.MemoryProbe;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Half;
import org.clnorm.tensor.Tensor;

/** Tensors of 16 bits: how values get there and back, which types come out of a layer, and all of their numbers. */
class HalfTensorsTest {
    private static final int NUMBERS = 1 << 16;

    /** Values between the numbers of a type, more than are moved at once. */
    private static double[] between(int count) {
        Random random = new Random(7);
        return random.doubles(count, -70_000, 70_000).map(v -> v * v * v * 1e-10).toArray();
    }

    @OnEveryDevice
    void valuesAreRoundedOnTheWay(Device device, DataType type) {
        double[] values = between(150_001);
        float[] floats = new float[values.length];
        double[] rounded = Values.rounded(type, values);
        double[] roundedFloats = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
            roundedFloats[i] = type.round(floats[i]);
        }
        Tensor tensor = device.tensor(type, values, values.length);
        assertArrayEquals(rounded, tensor.readDoubles());
        assertArrayEquals(roundedFloats, tensor.write(floats).readDoubles());
        assertArrayEquals(rounded, widened(tensor.write(values).read()));
        assertArrayEquals(roundedFloats, device.tensor(type, floats, values.length).readDoubles());
        assertEquals(type.round(0.1), tensor.fill(0.1).readDoubles()[values.length - 1]);
        assertEquals(0, device.zeros(type, 3).read()[2]);
    }

    private static double[] widened(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    @OnEveryDevice
    void partsAreReadAndWritten(Device device, DataType type) {
        Tensor tensor = device.zeros(type, 7);
        tensor.storage().write(3, new float[] {9, 1.5f, 2.5f, 9}, 1, 2);
        tensor.storage().write(6, new double[] {9, -3}, 1, 1);
        assertArrayEquals(new float[] {0, 0, 0, 1.5f, 2.5f, 0, -3}, tensor.read());
        float[] part = new float[4];
        tensor.storage().read(4, part, 1, 3);
        assertArrayEquals(new float[] {0, 2.5f, 0, -3}, part);
        double[] doubles = new double[2];
        tensor.storage().read(3, doubles, 0, 2);
        assertArrayEquals(new double[] {1.5, 2.5}, doubles);
        assertThrows(RuntimeException.class, () -> tensor.storage().read(6, part, 0, 2));
    }

    @OnEveryDevice
    void copiesOfAnyLength(Device device, DataType type) {
        MemoryProbe probe = device.service(MemoryProbe.class);
        for (int size : new int[] {1, 2, 3, 17, 4097, 65_537}) {
            for (String method : probe.methods()) {
                Tensor from = normal(device, type, size, size);
                Tensor to = device.zeros(type, size);
                probe.copy(from, to, method);
                assertArrayEquals(from.read(), to.read());
            }
        }
        DataType other = type == DataType.F32 ? DataType.F16 : DataType.F32;
        assertThrows(IllegalArgumentException.class,
                () -> probe.copy(device.zeros(type, 4), device.zeros(other, 4), "plain"));
    }

    @OnEveryDevice
    void whatComesOutHasTheTypeOfTheInput(Device device, DataType type) {
        for (DataType parameters : new DataType[] {DataType.F32, type}) {
            try (BatchNorm1d norm = BatchNorm1d.builder(3).dataType(parameters).build().on(device)) {
                assertEquals(type, norm.forward(normal(device, type, 1, 4, 3)).type());
                assertEquals(type, norm.backward(normal(device, type, 2, 4, 3)).type());
                assertEquals(parameters, norm.weight().value().type());
                assertEquals(parameters, norm.weight().grad().type());
                assertEquals(parameters, norm.bias().grad().type());
                assertEquals(DataType.F32, norm.runningMean().type());
                assertEquals(DataType.F32, norm.runningVar().type());
            }
        }
    }

    @OnEveryDevice
    void gradientsOfHalvesAddUpInHalves(Device device, DataType type) {
        try (LayerNorm norm = LayerNorm.builder(6).dataType(type).build().on(device)) {
            norm.accumulateGradients(true);
            Tensor x = normal(device, type, 1, 5, 6);
            double[] sum = new double[6];
            for (int step = 0; step < 3; step++) {
                Tensor dy = normal(device, type, 2 + step, 5, 6);
                double[] values = dy.readDoubles();
                for (int i = 0; i < values.length; i++) {
                    sum[i % 6] += values[i];
                }
                norm.forward(x);
                norm.backward(dy);
                Values.assertClose(sum, norm.bias().grad(), "dbias of step " + step);
                sum = norm.bias().grad().readDoubles();
            }
        }
    }

    /** In evaluation mode by statistics of 0 and 1 y is x, and dx is dy, bit for bit. */
    @OnEveryDevice
    void everyNumberPassesThrough(Device device, DataType type) {
        float[] numbers = numbers(type);
        for (long[] shape : new long[][] {{NUMBERS / 8, 8}, {4, 8, NUMBERS / 32}, {1, 2, NUMBERS / 2}}) {
            try (BatchNorm1d norm = BatchNorm1d.builder(shape[1]).eps(0).affine(false).build().on(device)) {
                norm.eval();
                Tensor x = device.tensor(type, numbers, shape);
                assertArrayEquals(numbers, norm.forward(x).read());
                assertArrayEquals(numbers, norm.backward(x).read());
            }
        }
    }

    /** All finite numbers of 16 bits; floats among them where the type is F32, and no denormals of float. */
    private static float[] numbers(DataType type) {
        float[] numbers = new float[NUMBERS];
        for (int i = 0; i < NUMBERS; i++) {
            float number = Half.value(type == DataType.F32 ? DataType.BF16 : type, (short) i);
            numbers[i] = Float.isFinite(number) && Math.abs(number) >= Float.MIN_NORMAL ? number : 0;
        }
        return numbers;
    }

    /** Where x and dy are 1 and the statistics 0 and 1, y and dx are the weight, rounded. */
    @OnEveryDevice
    void resultsAreRoundedToNearestEven(Device device, DataType type) {
        int channels = 6000;
        Random random = new Random(11);
        double[] weight = new double[channels];
        for (int c = 0; c < channels; c++) {
            double number = type.round(random.nextGaussian() * Math.pow(2, random.nextInt(30) - 16));
            double next = number + Math.ulp((float) number) * (type == DataType.BF16 ? 1 << 16 : 1 << 13);
            weight[c] = (float) (c % 3 == 0 ? (number + next) / 2 : number + random.nextDouble() * (next - number));
        }
        double[] expected = Values.rounded(type, weight);
        for (long[] shape : new long[][] {{3, channels}, {2, channels, 5}}) {
            try (BatchNorm1d norm = BatchNorm1d.builder(channels).eps(0).bias(false).build().on(device)) {
                norm.eval();
                norm.weight().write(weight);
                double[] y = norm.forward(device.zeros(type, shape).fill(1)).readDoubles();
                double[] dx = norm.backward(device.zeros(type, shape).fill(1)).readDoubles();
                int space = shape.length == 3 ? 5 : 1;
                for (int i = 0; i < y.length; i++) {
                    assertEquals(expected[i / space % channels], y[i]);
                    assertEquals(expected[i / space % channels], dx[i]);
                }
            }
        }
    }
}
