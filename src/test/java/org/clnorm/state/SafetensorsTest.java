package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsTest {
    private static final List<long[]> SHAPES = List.of(new long[] {}, new long[] {1}, new long[] {7},
            new long[] {0}, new long[] {3, 0, 5}, new long[] {0, Long.MAX_VALUE}, new long[] {2, 3, 5, 7},
            new long[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3});

    private static final List<long[]> PACKED_SHAPES =
            List.of(new long[] {4}, new long[] {0}, new long[] {3, 0, 5}, new long[] {2, 6, 5, 7});

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void everyTypeComesBack(ElementType type) throws IOException {
        Random random = new Random(type.ordinal());
        StateDict state = new StateDict();
        for (long[] shape : type.bits() < Byte.SIZE ? PACKED_SHAPES : SHAPES) {
            byte[] bytes = new byte[(int) type.byteSize(shape)];
            random.nextBytes(bytes);
            state.put("tensor " + Arrays.toString(shape), HostTensor.ofBytes(type, bytes, shape));
        }
        assertEquals(state, roundTrip(state));
    }

    @Test
    void oddNamesComeBack() throws IOException {
        StateDict state = new StateDict().putMetadata("", "").putMetadata("läng\n\t\"\\", "\u0000\u2028😀");
        HostTensor tensor = HostTensor.ofFloats(new float[] {1});
        for (String name : List.of("", " ", "a\"b\\c/d", "名前", "😀", "\u0001\u001f\u007f", "dtype",
                "x".repeat(70_000))) {
            state.put(name, tensor);
        }
        assertEquals(state, roundTrip(state));
    }

    @Test
    void nothingAtAllComesBack() throws IOException {
        assertEquals(new StateDict(), roundTrip(new StateDict()));
        assertArrayEquals(Crafted.file("{}      ", 0), Files.readAllBytes(folder.resolve("state.safetensors")));
    }

    @Test
    void largerThanAChunkComesBack() throws IOException {
        byte[] bytes = new byte[(3 << 20) + 17];
        new Random(1).nextBytes(bytes);
        StateDict state = new StateDict().put("a", HostTensor.ofBytes(ElementType.U8, bytes, bytes.length))
                .put("b", HostTensor.ofFloats(new float[] {1, 2, 3}, 3));
        assertEquals(state, roundTrip(state));
        assertEquals(state, Safetensors.read(Files.readAllBytes(folder.resolve("state.safetensors")), "bytes"));
    }

    /** What PyTorch and the reference implementation save for a BatchNorm2d(2), from the format's description. */
    @Test
    void bytesAreThoseOfTheReference() throws IOException {
        StateDict state = new StateDict()
                .put("weight", HostTensor.ofFloats(new float[] {1, 2}, 2))
                .put("bias", HostTensor.ofFloats(new float[] {3, 4}, 2))
                .put("running_mean", HostTensor.ofFloats(new float[] {5, 6}, 2))
                .put("running_var", HostTensor.ofFloats(new float[] {7, 8}, 2))
                .put("num_batches_tracked", HostTensor.ofLongs(new long[] {9}))
                .putMetadata("format", "pt");
        String header = "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                + "\"bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]},"
                + "\"running_mean\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]},"
                + "\"running_var\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]},"
                + "\"weight\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[32,40]}}";
        header += " ".repeat((8 - header.length() % 8) % 8);
        byte[] data = Crafted.join(new byte[] {9, 0, 0, 0, 0, 0, 0, 0}, Crafted.littleEndian(3, 4, 5, 6, 7, 8, 1, 2));
        assertArrayEquals(Crafted.file(header, data), write(state));
    }

    @Test
    void tensorsLieByTypeThenByTheBytesOfTheirNames() throws IOException {
        StateDict state = new StateDict();
        for (ElementType type : ElementType.values()) {
            state.put(type.name(), HostTensor.ofBytes(type, new byte[type.bits()], Byte.SIZE));
        }
        HostTensor tensor = HostTensor.ofLongs(new long[0], 0);
        // as Java compares strings, the surrogates of the face come before the private character
        state.put("z\ue000", tensor).put("z😀", tensor).put("z", tensor).put("Z", tensor);
        Path file = folder.resolve("order.safetensors");
        state.save(file);
        assertEquals(List.of("U64", "I64", "Z", "z", "z\ue000", "z😀", "F64", "C64", "F32", "U32", "I32", "BF16",
                "F16", "U16", "I16", "F8_E5M2FNUZ", "F8_E4M3FNUZ", "F8_E8M0", "F8_E4M3", "F8_E5M2", "I8", "U8",
                "F6_E3M2", "F6_E2M3", "F4", "BOOL"), List.copyOf(StateDict.load(file).tensors().keySet()));
    }

    @Test
    void textIsEscapedAsTheReferenceDoes() throws IOException {
        StateDict state = new StateDict().putMetadata("k", "\"\\/\b\f\n\r\t\u0001\u001b\u007f\u2028é😀");
        String header = "{\"__metadata__\":{\"k\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001b\u007f\u2028é😀\"}}";
        int length = header.getBytes(StandardCharsets.UTF_8).length;
        assertArrayEquals(Crafted.file(header + " ".repeat((8 - length % 8) % 8), 0), write(state));
    }

    @Test
    void theSameContentGivesTheSameBytes() throws IOException {
        HostTensor tensor = HostTensor.ofFloats(new float[] {1});
        StateDict one = new StateDict().put("a", tensor).put("b", tensor);
        StateDict two = new StateDict().put("b", tensor).put("a", tensor);
        one.putMetadata("x", "1").putMetadata("y", "2");
        two.putMetadata("y", "2").putMetadata("x", "1");
        assertArrayEquals(write(one), write(two));
    }

    /** Older writers keep other orders, pad differently and say more about a tensor than is known here. */
    @Test
    void readsWhatOtherWritersWrite() {
        String header = "{ \"b\" : {\"shape\":[1],\"data_offsets\":[4,8],\"dtype\":\"F32\","
                + "\"more\":{\"deep\":[1.5,null]}},\n" + Crafted.entry("empty", "U8", "[0]", "[4,4]") + ","
                + Crafted.entry("a", "I8", "[2,2]", "[0,4]")
                + ",\"__metadata__\":{}}\n\t";
        StateDict state = Safetensors.read(Crafted.file(header, new byte[] {1, 2, 3, 4, 0, 0, -128, 63}), "bytes");
        assertEquals(new StateDict().put("a", HostTensor.ofBytes(ElementType.I8, new byte[] {1, 2, 3, 4}, 2, 2))
                .put("empty", HostTensor.ofBytes(ElementType.U8, new byte[0], 0))
                .put("b", HostTensor.ofFloats(new float[] {1}, 1)), state);
        assertEquals(List.of("a", "empty", "b"), List.copyOf(state.tensors().keySet()));
    }

    static List<Path> cases() throws IOException, URISyntaxException {
        try (Stream<Path> files = Files.list(Path.of(SafetensorsTest.class.getResource("/cases").toURI()))) {
            List<Path> cases = files.filter(file -> file.toString().endsWith(".safetensors")).sorted()
                    .collect(Collectors.toList());
            assertTrue(cases.size() > 90, "found only " + cases.size() + " cases");
            return cases;
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void readsEveryCase(Path file) throws IOException {
        StateDict state = StateDict.load(file);
        assertEquals("norm-case-v1", state.metadata().get("format"));
        assertEquals(file.getFileName().toString(), state.metadata().get("name") + ".safetensors");
        String shape = Arrays.stream(state.get("0.x").shape()).mapToObj(Long::toString)
                .collect(Collectors.joining(","));
        assertEquals(state.metadata().get("step.0.shape"), shape);
        assertEquals(state.get("0.x").count(), state.floats("0.x").length);
        assertEquals(state.get("0.y").count(), state.doubles("0.y").length);
        assertEquals(state, roundTrip(state));
    }

    private StateDict roundTrip(StateDict state) throws IOException {
        write(state);
        return StateDict.load(folder.resolve("state.safetensors"));
    }

    private byte[] write(StateDict state) throws IOException {
        Path file = folder.resolve("state.safetensors");
        state.save(file);
        return Files.readAllBytes(file);
    }
}
