package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class HostTensorTest {
    private static final Set<ElementType> FLOATS = EnumSet.of(ElementType.F32, ElementType.F16, ElementType.BF16);

    @Test
    void floatsComeBackBitForBit() {
        float[] values = {0f, -0f, 1.5f, Float.MIN_VALUE, Float.MAX_VALUE, Float.NEGATIVE_INFINITY, Float.NaN, 1e-38f};
        HostTensor tensor = HostTensor.ofFloats(values, 2, 4);
        values[2] = 9f;
        assertEquals(ElementType.F32, tensor.type());
        assertArrayEquals(new long[] {2, 4}, tensor.shape());
        assertEquals(8, tensor.count());
        assertEquals(1.5f, tensor.toFloats()[2], "the caller's array was kept");
        assertEquals(Float.floatToRawIntBits(-0f), Float.floatToRawIntBits(tensor.toFloats()[1]));
        assertEquals(Float.MIN_VALUE, tensor.toDoubles()[3]);
        assertEquals("F32[2, 4]", tensor.toString());
    }

    @Test
    void doublesAndLongsComeBack() {
        double[] doubles = {Math.PI, -0.0, Double.MIN_VALUE};
        assertArrayEquals(doubles, HostTensor.ofDoubles(doubles, 3, 1).toDoubles());
        long[] longs = {Long.MIN_VALUE, -1, Long.MAX_VALUE};
        assertArrayEquals(longs, HostTensor.ofLongs(longs, 3).toLongs());
        assertArrayEquals(new long[] {7}, HostTensor.ofLongs(new long[] {7}).toLongs());
    }

    @Test
    void noDimensionIsOneValueAndASizeOfZeroIsNone() {
        assertEquals(1, HostTensor.ofFloats(new float[] {3f}).count());
        assertEquals(0, HostTensor.ofFloats(new float[0], 2, 0, 3).count());
        assertEquals(0, HostTensor.ofFloats(new float[0], 0, Long.MAX_VALUE).toFloats().length);
    }

    @Test
    void bytesAreLittleEndianAndReadOnly() {
        HostTensor tensor = HostTensor.ofLongs(new long[] {0x0102030405060708L});
        assertEquals(8, tensor.bytes().get(0));
        assertEquals(ByteOrder.LITTLE_ENDIAN, tensor.bytes().order());
        assertThrows(ReadOnlyBufferException.class, () -> tensor.bytes().put(0, (byte) 1));
    }

    @Test
    void nothingOfTheCallersIsShared() {
        byte[] bytes = {1, 2};
        long[] shape = {2};
        HostTensor tensor = HostTensor.ofBytes(ElementType.U8, bytes, shape);
        bytes[0] = 9;
        shape[0] = 1;
        tensor.shape()[0] = 5;
        assertEquals(HostTensor.ofBytes(ElementType.U8, new byte[] {1, 2}, 2), tensor);
    }

    @Test
    void equalityIsOfTypeShapeAndBytes() {
        HostTensor tensor = HostTensor.ofFloats(new float[] {0f, Float.NaN}, 2);
        assertEquals(HostTensor.ofFloats(new float[] {0f, Float.NaN}, 2), tensor);
        assertEquals(HostTensor.ofFloats(new float[] {0f, Float.NaN}, 2).hashCode(), tensor.hashCode());
        assertNotEquals(HostTensor.ofFloats(new float[] {-0f, Float.NaN}, 2), tensor);
        assertNotEquals(HostTensor.ofFloats(new float[] {0f, Float.NaN}, 2, 1), tensor);
        assertNotEquals(HostTensor.ofBytes(ElementType.I32, new byte[8], 2),
                HostTensor.ofBytes(ElementType.U32, new byte[8], 2));
    }

    @Test
    void aShapeThatDoesNotFitIsRefused() {
        refused("expected 6 values", () -> HostTensor.ofFloats(new float[5], 2, 3));
        refused("expected 1 values", () -> HostTensor.ofLongs(new long[2]));
        refused("sizes of 0 or more", () -> HostTensor.ofDoubles(new double[1], -1, -1));
        refused("fewer than 2^63 bytes", () -> HostTensor.ofFloats(new float[0], 1L << 32, 1L << 32));
        refused("fewer than 2^63 bytes", () -> HostTensor.ofFloats(new float[0], 1L << 61));
        refused("expected 8 bytes", () -> HostTensor.ofBytes(ElementType.F64, new byte[7], 1));
        refused("at most 255 dimensions", () -> HostTensor.ofFloats(new float[0], new long[256]));
    }

    static Stream<Arguments> integers() {
        return Stream.of(
                Arguments.of(ElementType.BOOL, new byte[] {0, 1}, new long[] {0, 1}),
                Arguments.of(ElementType.U8, new byte[] {-1, 1}, new long[] {255, 1}),
                Arguments.of(ElementType.I8, new byte[] {-1, 1}, new long[] {-1, 1}),
                Arguments.of(ElementType.I16, new byte[] {-2, -1, 1, 2}, new long[] {-2, 513}),
                Arguments.of(ElementType.U16, new byte[] {-2, -1, 1, 2}, new long[] {65534, 513}),
                Arguments.of(ElementType.I32, new byte[] {-2, -1, -1, -1, 1, 0, 0, 1}, new long[] {-2, 16777217}),
                Arguments.of(ElementType.U32, new byte[] {-2, -1, -1, -1, 1, 0, 0, 1},
                        new long[] {4294967294L, 16777217}),
                Arguments.of(ElementType.U64, new byte[] {5, 0, 0, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0, 0},
                        new long[] {(1L << 56) + 5, 6}));
    }

    @ParameterizedTest
    @MethodSource
    void integers(ElementType type, byte[] bytes, long[] expected) {
        assertArrayEquals(expected, HostTensor.ofBytes(type, bytes, 2).toLongs());
    }

    @Test
    void anUnsignedValueBeyondLongIsRefused() {
        HostTensor tensor = HostTensor.ofBytes(ElementType.U64, new byte[] {-1, -1, -1, -1, -1, -1, -1, -1}, 1);
        refused("18446744073709551615", tensor::toLongs);
    }

    @Test
    void halfPrecisionWidensExactly() {
        ByteBuffer all = ByteBuffer.allocate(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int bits = 0; bits < 1 << 16; bits++) {
            all.putShort((short) bits);
        }
        float[] values = HostTensor.ofBytes(ElementType.F16, all.array(), 1 << 16).toFloats();
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = values[bits];
            int exponent = bits >> 10 & 31;
            int fraction = bits & 1023;
            double expected = exponent == 31 ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                    : exponent == 0 ? Math.scalb((double) fraction, -24)
                    : Math.scalb(1 + fraction / 1024.0, exponent - 15);
            assertEquals(bits >> 15 == 0 ? expected : -expected, (double) value, "bits " + bits);
        }
        byte[] bytes = {0, 0x3c, 0, (byte) 0xc0, 1, 0};
        HostTensor tensor = HostTensor.ofBytes(ElementType.F16, bytes, 3);
        assertArrayEquals(new float[] {1f, -2f, 0x1p-24f}, tensor.toFloats());
        assertArrayEquals(new double[] {1, -2, 0x1p-24}, tensor.toDoubles());
    }

    @Test
    void brainFloatsWidenExactly() {
        byte[] bytes = {(byte) 0x80, 0x3f, 0x00, (byte) 0xc0, (byte) 0x80, 0x7f};
        HostTensor tensor = HostTensor.ofBytes(ElementType.BF16, bytes, 3);
        assertArrayEquals(new float[] {1f, -2f, Float.POSITIVE_INFINITY}, tensor.toFloats());
        assertArrayEquals(new double[] {1, -2, Double.POSITIVE_INFINITY}, tensor.toDoubles());
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void everyOtherConversionIsRefused(ElementType type) {
        HostTensor tensor = HostTensor.ofBytes(type, new byte[0], 0);
        boolean real = type.name().contains("F") || type == ElementType.C64;
        check(FLOATS.contains(type), type, tensor::toFloats);
        check(FLOATS.contains(type) || type == ElementType.F64, type, tensor::toDoubles);
        check(!real, type, tensor::toLongs);
    }

    private static void check(boolean converts, ElementType type, Runnable conversion) {
        if (converts) {
            conversion.run();
        } else {
            refused("got " + type, conversion);
        }
    }

    private static void refused(String message, Runnable call) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call::run);
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test
    void doublesAreRoundedToTheType() {
        double[] values = {1 + 0x1p-11, 1 + 3 * 0x1p-11, -0x1p-25, 1e300, Double.NaN};
        assertArrayEquals(new float[] {1, 1 + 0x1p-9f, -0f, Float.POSITIVE_INFINITY, Float.NaN},
                HostTensor.of(ElementType.F16, values, 5).toFloats());
        assertArrayEquals(new float[] {1, 1, -0x1p-25f, Float.POSITIVE_INFINITY, Float.NaN},
                HostTensor.of(ElementType.BF16, values, 5).toFloats());
        assertEquals(HostTensor.ofFloats(new float[] {0.1f}), HostTensor.of(ElementType.F32, new double[] {0.1}));
        assertEquals(HostTensor.ofDoubles(new double[] {0.1}), HostTensor.of(ElementType.F64, new double[] {0.1}));
        refused("expected elements of", () -> HostTensor.of(ElementType.I32, new double[] {1}));
        refused("expected elements of", () -> HostTensor.of(ElementType.F4, new double[] {1, 2}, 2));
        refused("expected 2 values", () -> HostTensor.of(ElementType.F16, new double[] {1}, 2));
    }
}
