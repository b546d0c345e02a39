package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.LayerNorm;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dimensions where counters of 16, 31 and 32 bits would end, and primes. */
class SizesTest {
    @ParameterizedTest
    @ValueSource(longs = {65_535, 65_536, 65_537, 131_071})
    void longDimensions(long size) {
        try (OpenClDevice device = TestDevices.open("cpu", "")) {
            new PassCheck(NormView.of(kept(size, 3, 0), reduced(3, 1, 1))).run(device);
            new PassCheck(NormView.of(kept(1, size, 0), reduced(size, 1, 1))).run(device);
            new PassCheck(NormView.of(reduced(2, size, 0), kept(size, 1, 1))).run(device);
            new PassCheck(NormView.of(reduced(2, 3 * size, 0), kept(3, size, 1), reduced(size, 1, 0))).run(device);
        }
    }

    @Test
    void theJavaEngineRefusesMoreThanAnArrayHolds() {
        try (Device cpu = Device.cpu()) {
            for (DataType type : DataType.values()) {
                String got = assertThrows(IllegalArgumentException.class,
                        () -> cpu.empty(type, Shape.of(1L << 31))).getMessage();
                assertTrue(got.contains("2147483648"), got);
            }
            assertEquals(0, cpu.liveTensors());
        }
    }

    /** Rows of a buffer of just under 4 GiB, or all that the device takes: each is what it is alone. */
    @Test
    @EnabledIfSystemProperty(named = "clnorm.large", matches = "true", disabledReason = "needs 10 GiB")
    void bytesBeyond2To31() {
        int length = 1_000_003;
        try (OpenClDevice device = TestDevices.open("cpu", ""); LayerNorm norm = new LayerNorm(length).on(device)) {
            long rows = (4L << 30) / 2 / length;
            float[] values = new float[length];
            for (int i = 0; i < length; i++) {
                values[i] = (i * 31L % 1009 - 504) / 64f;
            }
            try (Scope scope = device.scope()) {
                Tensor x = device.empty(DataType.F16, Shape.of(rows, length)).fill(0.5);
                long[] probes = {0, rows / 2 - 1, rows / 2, rows / 2 + 1, rows - 1};
                for (long row : probes) {
                    x.storage().write(row * length, values, 0, length);
                }
                float[] alone = norm.forward(device.tensor(DataType.F16, values, 1, length)).read();
                Tensor y = norm.forwardNoGrad(x, x);
                float[] got = new float[length];
                for (long row : probes) {
                    y.storage().read(row * length, got, 0, length);
                    for (int i = 0; i < length; i++) {
                        assertEquals(alone[i], got[i], "row " + row + ", element " + i);
                    }
                }
                for (long row : new long[] {1, rows - 2}) {
                    y.storage().read(row * length, got, 0, length);
                    assertEquals(0, got[length - 1], "row " + row);
                }
                System.out.println("rows " + rows + " of " + length + ", " + rows * length * 2 + " bytes");
            }
        }
    }
}
