package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that NumPy wrote (npy/make.py says how) come out as it meant them. */
class NpyTest {
    static final Path FILES = Path.of("src/test/resources/org/clnorm/state/npy");

    /** The values of make.py: element k in C order. */
    private static long value(int k) {
        return k * 37 % 101 - 20;
    }

    private static float[] floats(int count) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (value(k) + 8) / 8f;
        }
        return values;
    }

    private static HostTensor file(String name) {
        return Npy.read(FILES.resolve(name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"types.npz", "types-compressed.npz"})
    void everyTypeInEitherByteOrderAndEitherOrderOfDimensions(String file) {
        StateDict arrays = Npz.read(FILES.resolve(file));
        assertEquals(42, arrays.tensors().size());
        arrays.tensors().forEach((name, array) -> {
            assertArrayEquals(new long[] {2, 3, 4}, array.shape(), name);
            switch (name.charAt(0)) {
                case 'f' -> {
                    assertEquals("F" + 8 * (name.charAt(1) - '0'), array.type().name());
                    assertArrayEquals(IntStream.range(0, 24).mapToDouble(k -> (value(k) + 8) / 8.0).toArray(),
                            array.toDoubles(), name);
                }
                case 'b' -> {
                    assertEquals(ElementType.BOOL, array.type());
                    assertArrayEquals(IntStream.range(0, 24).mapToLong(k -> k % 3 == 0 ? 1 : 0).toArray(),
                            array.toLongs(), name);
                }
                default -> {
                    int offset = name.charAt(0) == 'u' ? 20 : 0;
                    assertEquals((offset > 0 ? "U" : "I") + 8 * (name.charAt(1) - '0'), array.type().name());
                    assertArrayEquals(IntStream.range(0, 24).mapToLong(k -> value(k) + offset).toArray(),
                            array.toLongs(), name);
                }
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void everyVersion(int version) {
        assertEquals(HostTensor.ofFloats(floats(6), 2, 3), file("version" + version + ".npy"));
    }

    @Test
    void shapes() throws IOException {
        assertEquals(HostTensor.ofFloats(floats(12), 3, 4), file("matrix.npy"));
        assertEquals(HostTensor.ofDoubles(new double[] {-1.5}), file("single.npy"));
        assertEquals(HostTensor.ofFloats(new float[0], 0, 3), file("empty.npy"));
        assertEquals(HostTensor.ofFloats(new float[0], 3, 0, 2), file("empty-fortran.npy"));
        double[] doubles = IntStream.range(0, 30).mapToDouble(k -> (value(k) + 8) / 8.0).toArray();
        assertEquals(HostTensor.ofDoubles(doubles, 5, 1, 3, 2), file("fortran.npy"));
        assertArrayEquals(IntStream.range(0, 7).mapToLong(NpyTest::value).toArray(), file("fortran-row.npy").toLongs());
        byte[] bytes = Files.readAllBytes(FILES.resolve("matrix.npy"));
        assertEquals(file("matrix.npy"), Npy.read(bytes, "matrix"));
    }

    @Test
    void everyBitIsKept() {
        assertArrayEquals(new long[] {Long.MIN_VALUE, Long.MAX_VALUE, 0, -1}, file("extremes.npy").toLongs());
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -0.0, Double.MIN_VALUE,
            Double.MAX_VALUE};
        assertEquals(HostTensor.ofDoubles(special, 6), file("special.npy"));
        double[] halves = {65504, 6e-8, Double.NEGATIVE_INFINITY, Double.NaN, 1.0 / 3};
        assertEquals(HostTensor.of(ElementType.F16, halves, 5), file("halves.npy"));
    }

    @Test
    void namesOfAnArchive() {
        assertEquals(List.of("arr_0", "arr_1"), List.copyOf(Npz.read(FILES.resolve("unnamed.npz")).tensors().keySet()));
        StateDict names = Npz.read(FILES.resolve("names.npz"));
        assertEquals(List.of("layer1/bn/gamma:0", "größe.npy"), List.copyOf(names.tensors().keySet()));
        assertTrue(Npz.read(FILES.resolve("none.npz")).tensors().isEmpty());
    }

    @Test
    void aLimitIsForAllArraysOfAnArchive() {
        assertEquals(1, Npz.read(FILES.resolve("zeros.npz"), 4 * 64 * 64 * 64 + 128).tensors().size());
    }

    /** There is never a second array of that size, whatever the order of the file. */
    @Test
    void aLargeArrayTakesItsSizeOfHeap() {
        int size = 40 << 20;
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (String order : new String[] {"False", "True"}) {
            byte[] file = BrokenNpyTest.npy(1, "{'descr': '>f4', 'fortran_order': " + order + ", 'shape': ("
                    + size / 8 + ", 2)}", size);
            long before = thread.getCurrentThreadAllocatedBytes();
            assertEquals(size, Npy.read(file, "large").bytes().remaining());
            long allocated = thread.getCurrentThreadAllocatedBytes() - before;
            assertTrue(allocated <= file.length + (16 << 20), "allocated " + allocated);
        }
    }
}
