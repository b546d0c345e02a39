package org.clnorm.state;

import static org.clnorm.state.Crafted.entry;
import static org.clnorm.state.Crafted.file;
import static org.clnorm.state.Crafted.join;
import static org.clnorm.state.Crafted.length;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.clnorm.BatchNorm1d;
import org.clnorm.LayerNorm;
import org.clnorm.LayerTree;
import org.clnorm.OnEveryDevice;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way in which a file can be wrong ends in one error that names the file and the fault. */
class BrokenFilesTest {
    private static final String GOOD =
            "{" + entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "U8", "[3]", "[8,11]") + "}";
    private static final int GOOD_DATA = 11;
    private static final int LIMIT = 100_000_000;

    @TempDir
    private static Path folder;

    @Test
    void theFileThatTheOthersAreMadeOfIsGood() {
        assertEquals(2, Safetensors.read(file(GOOD, GOOD_DATA), "good").tensors().size());
    }

    static Stream<Arguments> lengths() {
        byte[] good = file(GOOD, GOOD_DATA);
        int header = GOOD.length();
        return Stream.of(
                broken("empty", new byte[0], "a file of 0"),
                broken("one byte", new byte[1], "a file of 1"),
                broken("within the length", Arrays.copyOf(good, 7), "a file of 7"),
                broken("after the length", Arrays.copyOf(good, 8), "the file holds 0 after the length"),
                broken("within the header", Arrays.copyOf(good, 8 + header / 2), "expected a header of " + header),
                broken("before the last brace", Arrays.copyOf(good, 8 + header - 1), "expected a header of " + header),
                broken("after the header", Arrays.copyOf(good, 8 + header), "the file holds 0 bytes of data"),
                broken("within the data", Arrays.copyOf(good, 8 + header + 5), "the file holds 5 bytes of data"),
                broken("last byte missing", Arrays.copyOf(good, good.length - 1), "the file holds 10 bytes of data"),
                broken("a byte too many", Arrays.copyOf(good, good.length + 1), "the tensors end after 11 bytes"),
                broken("data without tensors", file("{}", 1), "the tensors end after 0 bytes"),
                broken("header of length 0", file("", 0), "does not start with '{'"),
                broken("one byte beyond the file", join(length(3), "{}".getBytes()), "the file holds 2 after"),
                broken("at the limit", join(length(LIMIT), "{}".getBytes()), "the file holds 2 after"),
                broken("beyond the limit", join(length(LIMIT + 1), "{}".getBytes()), "a length of 100000001"),
                broken("2^31", join(length(1L << 31), "{}".getBytes()), "a length of 2147483648"),
                broken("2^32 + 2", join(length((1L << 32) + 2), "{}".getBytes()), "a length of 4294967298"),
                broken("2^62", join(length(1L << 62), "{}".getBytes()), "a length of 4611686018427387904"),
                broken("2^63 - 1", join(length(Long.MAX_VALUE), "{}".getBytes()), "a length of 9223372036854775807"),
                broken("2^64 - 1", join(length(-1), "{}".getBytes()), "a length of 18446744073709551615"),
                broken("length in big-endian", join(ByteBuffer.allocate(8).putLong(2).array(), "{}".getBytes()),
                        "a length of 144115188075855872"),
                broken("header cut by its length", join(length(header - 1), GOOD.getBytes(), new byte[12]),
                        "not valid JSON"),
                broken("header longer than its text", join(length(header + 2), GOOD.getBytes(), new byte[11]),
                        "not valid JSON"));
    }

    static Stream<Arguments> text() {
        String deep = "{\"x\":" + "[".repeat(100_000);
        return Stream.of(
                broken("spaces first", file(" {}", 0), "does not start with '{'"),
                broken("byte order mark", file("\ufeff{}", 0), "does not start with '{'"),
                broken("an array", file("[]", 0), "does not start with '{'"),
                broken("no closing brace", file(GOOD.substring(0, GOOD.length() - 1), GOOD_DATA), "not valid JSON"),
                broken("two objects", file(GOOD + "{}", GOOD_DATA), "goes on after"),
                broken("padded with zeros", file(GOOD + "\u0000", GOOD_DATA), "not valid JSON"),
                broken("comma at the end", file("{" + entry("a", "U8", "[1]", "[0,1]") + ",}", 1), "not valid JSON"),
                broken("comment", file("{/*c*/}", 0), "not valid JSON"),
                broken("single quotes", file("{'a':1}", 0), "not valid JSON"),
                broken("name without quotes", file("{a:1}", 0), "not valid JSON"),
                broken("line break in a name", file("{\"a\nb\":1}", 0), "not valid JSON"),
                broken("unknown escape", file("{\"\\x\":1}", 0), "not valid JSON"),
                broken("deep arrays", file(deep, 0), "tensor 'x': expected an object"),
                broken("deep where anything goes", file("{\"x\":{\"y\":" + "[".repeat(100_000), 0), "nesting depth"),
                broken("UTF-16", encoded("{}", StandardCharsets.UTF_16LE), "not valid JSON"),
                broken("Latin-1", encoded("{\"é\":1}", StandardCharsets.ISO_8859_1), "not valid UTF-8"),
                broken("byte FF", bytes(0xff), "not valid UTF-8"),
                broken("lone continuation", bytes(0x80), "not valid UTF-8"),
                broken("overlong slash", bytes(0xc0, 0xaf), "not valid UTF-8"),
                broken("surrogate", bytes(0xed, 0xa0, 0x80), "not valid UTF-8"),
                broken("beyond Unicode", bytes(0xf4, 0x90, 0x80, 0x80), "not valid UTF-8"),
                broken("cut character", join(length(5), "{\"a\u00e9".getBytes(StandardCharsets.UTF_8)), "not valid"),
                broken("escaped half of a pair", file("{" + entry("\\ud800", "U8", "[1]", "[0,1]") + "}", 1),
                        "surrogate pair"),
                broken("half of a pair in metadata", file("{\"__metadata__\":{\"k\":\"\\udc00\"}}", 0),
                        "half of a surrogate pair"));
    }

    static Stream<Arguments> metadata() {
        return Stream.of("null", "1", "\"text\"", "[]", "true", "{\"k\":1}", "{\"k\":null}", "{\"k\":true}",
                "{\"k\":{}}", "{\"k\":[\"v\"]}", "{\"k\":\"v\",\"l\":1.5}")
                .map(value -> broken(value, file("{\"__metadata__\":" + value + "}", 0), ": expected "));
    }

    static Stream<Arguments> names() {
        String one = entry("a", "U8", "[1]", "[0,1]");
        return Stream.of(
                broken("tensor twice", file("{" + one + "," + entry("a", "U8", "[1]", "[1,2]") + "}", 2), "uplicate"),
                broken("tensor twice, the same", file("{" + one + "," + one + "}", 1), "uplicate"),
                broken("twice, once escaped", file("{" + one + "," + entry("\\u0061", "U8", "[1]", "[1,2]") + "}", 2),
                        "uplicate"),
                broken("metadata twice", file("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "uplicate"),
                broken("key twice", file("{\"__metadata__\":{\"k\":\"v\",\"k\":\"v\"}}", 0), "uplicate"),
                broken("dtype twice", tensor("\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]"),
                        "uplicate"));
    }

    static Stream<Arguments> tensors() {
        return Stream.of(
                broken("a number", file("{\"a\":1}", 0), "tensor 'a': expected an object"),
                broken("null", file("{\"a\":null}", 0), "tensor 'a': expected an object"),
                broken("an array", file("{\"a\":[\"U8\",[1],[0,1]]}", 1), "tensor 'a': expected an object"),
                broken("empty", tensor(""), "tensor 'a' has no dtype"),
                broken("no dtype", tensor("\"shape\":[1],\"data_offsets\":[0,1]"), "has no dtype"),
                broken("no shape", tensor("\"dtype\":\"U8\",\"data_offsets\":[0,1]"), "has no shape"),
                broken("no offsets", tensor("\"dtype\":\"U8\",\"shape\":[1]"), "has no pair of data_offsets"),
                broken("unknown dtype", single("F31", "[1]", "[0,1]"), "unknown dtype 'F31'"),
                broken("dtype in lower case", single("u8", "[1]", "[0,1]"), "unknown dtype 'u8'"),
                broken("dtype a number", tensor("\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]"),
                        "dtype: expected a string"),
                broken("dtype null", tensor("\"dtype\":null,\"shape\":[1],\"data_offsets\":[0,1]"),
                        "dtype: expected a string"),
                broken("one offset", single("U8", "[1]", "[0]"), "has no pair of data_offsets"),
                broken("three offsets", single("U8", "[1]", "[0,1,1]"), "at most 2 integers"),
                broken("256 dimensions", single("U8", "[1" + ",1".repeat(255) + "]", "[0,1]"), "at most 255 integers"),
                broken("forged lines",
                        file("{" + entry("a\\nERROR all is lost\\u2028\\u202e", "x", "[]", "[0,1]") + "}", 1),
                        "'a\\u000aERROR all is lost\\u2028\\u202e'"),
                broken("a name of a megabyte", file("{" + entry("n".repeat(1 << 20), "x", "[]", "[0,1]") + "}", 1),
                        "nnn…'"),
                broken("it twice", file("{\"" + "n".repeat(1 << 20) + "\":{\"x\":1,\"x\":1}}", 1), "uplicate"));
    }

    static Stream<Arguments> numbers() {
        Stream<String> bad = Stream.of("-1", "-0", "0.0", "0e0", "1.0", "1.5", "1e0", "1e3", "\"1\"", "null", "true",
                "[1]", "{}", "{\"a\":[]}", "9223372036854775808", "18446744073709551615", "9".repeat(400),
                "9".repeat(5000), "01", "+1", "0x1", "NaN", "Infinity", "");
        String fault = "expected integers|not valid JSON";
        return bad.flatMap(number -> Stream.of(
                broken("shape " + number, single("U8", "[1," + number + "]", "[0,1]"), fault),
                broken("begin " + number, single("U8", "[1]", "[" + number + ",1]"), fault),
                broken("end " + number, single("U8", "[1]", "[0," + number + "]"), fault)));
    }

    static Stream<Arguments> sizes() {
        return Stream.of(
                broken("too few bytes", single("U8", "[2]", "[0,1]"), "expected 2 bytes for its shape and type, got 1"),
                broken("too many bytes", single("BOOL", "[]", "[0,2]", 2), "expected 1 bytes"),
                broken("wider type", single("F64", "[1]", "[0,4]", 4), "expected 8 bytes"),
                broken("nothing, with a byte", single("F32", "[0]", "[0,1]"), "expected 0 bytes"),
                broken("huge shape", single("U8", "[4611686018427387904]", "[0,1]"),
                        "expected 4611686018427387904 bytes"),
                broken("huge shape and offsets", single("U8", "[4611686018427387904]", "[0,4611686018427387904]"),
                        "data end at 4611686018427387904"),
                broken("half a byte", single("F4", "[1]", "[0,1]"), "fill whole bytes"),
                broken("three quarters of three bytes", single("F6_E2M3", "[3]", "[0,2]", 2), "fill whole bytes"),
                broken("product of 2^64", single("U8", "[4294967296,4294967296]", "[0,0]", 0), "fewer than 2^63 bytes"),
                broken("product of 2^64 + 1 bytes", single("U8", "[274177,67280421310721]", "[0,1]"),
                        "fewer than 2^63 bytes"),
                broken("product before a zero", single("U8", "[4294967296,4294967296,0]", "[0,0]", 0),
                        "fewer than 2^63"),
                broken("elements times their size", single("F64", "[2305843009213693952]", "[0,0]", 0),
                        "fewer than 2^63"));
    }

    static Stream<Arguments> offsets() {
        return Stream.of(
                broken("backwards", single("U8", "[0]", "[1,0]"), "expected data_offsets from 0"),
                broken("hole at the start", single("U8", "[1]", "[1,2]", 2), "expected data_offsets from 0"),
                broken("hole at the start before nothing", single("U8", "[0]", "[1,1]"),
                        "expected data_offsets from 0"),
                broken("hole", pair("[0,1]", "[2,3]", 3), "tensor 'b': expected data_offsets from 1"),
                broken("overlap", pair("[0,1]", "[0,1]", 1), "expected data_offsets from 1"),
                broken("overlap by a part", wide("[0,4]", "[2,6]", 6), "tensor 'b': expected data_offsets from 4"),
                broken("one within the other", wide("[0,4]", "[0,4]", 4), "expected data_offsets from 4"),
                broken("hole at the end", pair("[0,1]", "[1,2]", 3), "the tensors end after 2 bytes"),
                broken("beyond the end", pair("[0,1]", "[1,2]", 1), "tensor 'b': its data end at 2"),
                broken("both beyond the end", pair("[0,1]", "[1,2]", 0), "tensor 'a': its data end at 1"),
                broken("huge begin", pair("[0,1]", "[9223372036854775806,9223372036854775807]", 2),
                        "tensor 'b': expected data_offsets from 1"));
    }

    /** All of them: what is wrong, the bytes, and what must be said about them. */
    static Stream<Arguments> all() {
        return Stream.of(lengths(), text(), metadata(), names(), tensors(), numbers(), sizes(), offsets())
                .flatMap(each -> each);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void oneErrorNamesTheFileAndTheFault(String what, byte[] bytes, String fault) throws IOException {
        check(assertThrows(CheckpointException.class, () -> Safetensors.read(bytes, "some file")), "some file", fault);
        Path file = folder.resolve("broken.safetensors");
        Files.write(file, bytes);
        check(assertThrows(CheckpointException.class, () -> StateDict.load(file)), file.toString(), fault);
    }

    /** And layers that were to load one of them, on a device or not, keep what they have. */
    @OnEveryDevice
    void nothingIsLoadedFromThem(Device device) throws IOException {
        try (LayerTree tree = new LayerTree().put("a", new BatchNorm1d(2)).put("b", new LayerNorm(3)).on(device)) {
            tree.get("a").forward(device.tensor(new float[] {1, 2, 3, 5}, 2, 2));
            StateDict before = tree.stateDict();
            for (Arguments each : all().toList()) {
                Path file = folder.resolve("broken.safetensors");
                Files.write(file, (byte[]) each.get()[1]);
                for (boolean strict : new boolean[] {true, false}) {
                    assertThrows(CheckpointException.class, () -> tree.loadStateDict(StateDict.load(file), strict));
                    assertThrows(CheckpointException.class,
                            () -> tree.loadStateDict(StateDict.load(file, name -> false), strict));
                }
            }
            assertEquals(before, tree.stateDict());
        }
    }

    private static void check(CheckpointException e, String file, String fault) {
        assertEquals(file, e.file());
        assertEquals(file + ": " + e.fault(), e.getMessage());
        assertTrue(Arrays.stream(fault.split("\\|")).anyMatch(e.fault()::contains), e.fault());
        assertTrue(e.fault().length() < 500 && e.fault().lines().count() == 1, e.fault());
    }

    @Test
    void whatIsNoFileIsRefused() throws IOException {
        Path none = folder.resolve("none");
        check(assertThrows(CheckpointException.class, () -> StateDict.load(none)), none.toString(), "no such file");
        check(assertThrows(CheckpointException.class, () -> StateDict.load(folder)), folder.toString(),
                "is a directory");
        Path within = Files.createFile(folder.resolve("file")).resolve("within");
        check(assertThrows(CheckpointException.class, () -> StateDict.load(within)), within.toString(),
                "cannot be read");
    }

    /** The file is real, and has no block on the disk. */
    @Test
    void aTensorLongerThanAnArrayIsRefused() throws IOException {
        long size = (1L << 31) + 8;
        String header = "{" + entry("a", "U8", "[" + size + "]", "[0," + size + "]") + "}";
        Path file = folder.resolve("large.safetensors");
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.SPARSE)) {
            out.write(ByteBuffer.wrap(file(header, 0)));
            out.write(ByteBuffer.allocate(1), out.position() + size - 1);
        }
        check(assertThrows(CheckpointException.class, () -> StateDict.load(file)), file.toString(), "(a Java array)");
        assertEquals(new StateDict(), StateDict.load(file, name -> false)); // who does not want it can have the rest
    }

    private static byte[] single(String type, String shape, String offsets) {
        return single(type, shape, offsets, 1);
    }

    private static byte[] single(String type, String shape, String offsets, int data) {
        return file("{" + entry("a", type, shape, offsets) + "}", data);
    }

    private static byte[] pair(String first, String second, int data) {
        return file("{" + entry("a", "U8", "[1]", first) + "," + entry("b", "U8", "[1]", second) + "}", data);
    }

    private static byte[] wide(String first, String second, int data) {
        return file("{" + entry("a", "F32", "[1]", first) + "," + entry("b", "F32", "[1]", second) + "}", data);
    }

    private static byte[] tensor(String fields) {
        return file("{\"a\":{" + fields + "}}", 1);
    }

    private static byte[] encoded(String header, Charset charset) {
        byte[] text = header.getBytes(charset);
        return join(length(text.length), text);
    }

    /** A header that would be valid but for these bytes in the name of a piece of metadata. */
    private static byte[] bytes(int... values) {
        byte[] name = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            name[i] = (byte) values[i];
        }
        byte[] text = join("{\"__metadata__\":{\"".getBytes(StandardCharsets.UTF_8), name,
                "\":\"\"}}".getBytes(StandardCharsets.UTF_8));
        return join(length(text.length), text);
    }

    private static Arguments broken(String what, byte[] bytes, String fault) {
        return Arguments.of(what, bytes, fault);
    }
}
