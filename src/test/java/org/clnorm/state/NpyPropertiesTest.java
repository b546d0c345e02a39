package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Arrays as NumPy's format has them, written here element by element, of any type, shape and order. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class NpyPropertiesTest {
    private static final Map<ElementType, String> TYPES = Map.ofEntries(Map.entry(ElementType.BOOL, "b1"),
            Map.entry(ElementType.I8, "i1"), Map.entry(ElementType.I16, "i2"), Map.entry(ElementType.I32, "i4"),
            Map.entry(ElementType.I64, "i8"), Map.entry(ElementType.U8, "u1"), Map.entry(ElementType.U16, "u2"),
            Map.entry(ElementType.U32, "u4"), Map.entry(ElementType.U64, "u8"), Map.entry(ElementType.F16, "f2"),
            Map.entry(ElementType.F32, "f4"), Map.entry(ElementType.F64, "f8"));
    private static Path folder;

    /** An array, and how its file is written. */
    record Written(ElementType type, long[] shape, boolean bigEndian, boolean fortran, int version, long seed) {
        HostTensor tensor() {
            byte[] bytes = new byte[count() * type.byteSize()];
            new Random(seed).nextBytes(bytes);
            return HostTensor.ofBytes(type, bytes, shape);
        }

        private int count() {
            return (int) LongStream.of(shape).reduce(1, (a, b) -> a * b);
        }

        byte[] file() {
            String sizes = LongStream.of(shape).mapToObj(size -> size + ",").collect(Collectors.joining(" "));
            String header = "{'descr': '" + (bigEndian ? '>' : '<') + TYPES.get(type) + "', 'fortran_order': "
                    + (fortran ? "True" : "False") + ", 'shape': (" + sizes + "), }";
            byte[] start = BrokenNpyTest.npy(version, header, 0);
            byte[] file = Arrays.copyOf(start, start.length + count() * type.byteSize());
            byte[] elements = new byte[count() * type.byteSize()];
            tensor().bytes().get(elements);
            for (int i = 0; i < count(); i++) {
                for (int b = 0; b < type.byteSize(); b++) {
                    file[start.length + place(i) * type.byteSize() + b] =
                            elements[i * type.byteSize() + (bigEndian ? type.byteSize() - 1 - b : b)];
                }
            }
            return file;
        }

        /** Where the element that is number i in our order is in the file. */
        private int place(int number) {
            if (!fortran) {
                return number;
            }
            int place = 0;
            int left = number;
            for (int d = shape.length - 1; d >= 0; d--) {
                int before = (int) LongStream.of(shape).limit(d).reduce(1, (a, b) -> a * b);
                place += left % (int) shape[d] * before;
                left /= (int) shape[d];
            }
            return place;
        }
    }

    @Provide
    Arbitrary<Written> arrays() {
        return Combinators.combine(Arbitraries.of(TYPES.keySet()),
                Arbitraries.longs().between(0, 5).array(long[].class).ofMaxSize(4), Arbitraries.of(true, false),
                Arbitraries.of(true, false), Arbitraries.integers().between(1, 3), Arbitraries.longs())
                .as(Written::new);
    }

    @Provide
    Arbitrary<Map<String, Written>> zips() {
        Arbitrary<String> name = Arbitraries.strings().ofMaxLength(8)
                .filter(text -> Text.wellFormed(text) && !text.equals(Safetensors.METADATA_KEY));
        return Arbitraries.maps(name, arrays()).ofMaxSize(4);
    }

    @BeforeContainer
    static void makeFolder() throws IOException {
        folder = MemoryFolder.make();
    }

    @AfterContainer
    static void removeFolder() throws IOException {
        Files.deleteIfExists(folder.resolve("all.npz"));
        Files.delete(folder);
    }

    @Property
    void anArrayIsReadAsItWasWritten(@ForAll("arrays") Written written) {
        assertEquals(written.tensor(), Npy.read(written.file(), "file"));
    }

    @Property
    void aZipIsReadAsItWasWritten(@ForAll("zips") Map<String, Written> arrays, @ForAll boolean packed)
            throws IOException {
        Path file = folder.resolve("all.npz");
        StateDict expected = new StateDict();
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            zip.setLevel(packed ? 9 : 0);
            for (Map.Entry<String, Written> array : arrays.entrySet()) {
                zip.putNextEntry(new ZipEntry(array.getKey() + ".npy"));
                zip.write(array.getValue().file());
                expected.put(array.getKey(), array.getValue().tensor());
            }
        }
        assertEquals(expected, Npz.read(file));
    }
}
