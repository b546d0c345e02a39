package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way in which a .npy file can be wrong ends in one error that names the file and the fault. */
class BrokenNpyTest {
    private static final String GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";

    @TempDir
    private static Path folder;

    @Test
    void theFileThatTheOthersAreMadeOfIsGood() {
        assertEquals("F32[2, 3]", Npy.read(npy(1, GOOD, 24), "good").toString());
        assertEquals("F32[2, 3]", Npy.read(npy(1, "{\"shape\":(2L,3),'fortran_order':True,\"descr\":\">f4\"}\n", 24),
                "as Python 2 may have written it").toString());
    }

    static Stream<Arguments> starts() {
        byte[] good = npy(1, GOOD, 24);
        return Stream.of(
                broken("empty", new byte[0], "does not start with"),
                broken("cut magic", Arrays.copyOf(good, 5), "does not start with"),
                broken("cut version", Arrays.copyOf(good, 7), "does not start with"),
                broken("a pickle", new byte[] {(byte) 0x80, 4, (byte) 0x95, 10, 0, 0, 0, 0, 0, 0}, "does not start"),
                broken("a zip", "PK\3\4aaaaaaaaaa".getBytes(StandardCharsets.ISO_8859_1), "does not start with"),
                broken("version 0", npy(0, GOOD, 24), "got 0.0"),
                broken("version 4", npy(4, GOOD, 24), "got 4.0"),
                broken("version 200", npy(200, GOOD, 24), "got 200.0"),
                broken("version 1.1", with(good, 7, 1), "got 1.1"),
                broken("cut length", Arrays.copyOf(good, 9), "ended within the length"),
                broken("cut length of version 2", Arrays.copyOf(npy(2, GOOD, 24), 11), "ended within the length"),
                broken("cut header", Arrays.copyOf(good, 30), "expected a header of " + GOOD.length() + " bytes"),
                broken("no header", Arrays.copyOf(good, 10), "the file holds 0 after its length"),
                broken("header of 10,001", npy(1, GOOD + " ".repeat(10_001 - GOOD.length()), 24),
                        "at most 10000 bytes"),
                broken("header of 4 GiB", with(npy(2, GOOD, 24), 11, 0xff), "at most 10000 bytes"),
                broken("header of 0", npy(1, "", 0), "expected '{'"));
    }

    static Stream<Arguments> sizes() {
        byte[] good = npy(1, GOOD, 24);
        return Stream.of(
                broken("no data", npy(1, GOOD, 0),
                        "expected 24 bytes of data for shape [2, 3] of F32, the file holds 0"),
                broken("a byte missing", Arrays.copyOf(good, good.length - 1), "the file holds 23"),
                broken("a byte too many", Arrays.copyOf(good, good.length + 1), "the file holds 25"),
                broken("two arrays", Crafted.join(good, good), "the file holds"),
                broken("huge", shape("(4611686018427387904,)"), "fewer than 2^63 bytes"),
                broken("product beyond 2^63", shape("(4294967296, 4294967296)"), "fewer than 2^63 bytes"),
                broken("product of 2^64, then 0", shape("(4294967296, 4294967296, 0)"), "fewer than 2^63 bytes"),
                broken("terabytes", shape("(1000000000000,)"), "expected 4000000000000 bytes"),
                broken("256 dimensions", shape("(" + "1, ".repeat(256) + ")"), "at most 255 dimensions"));
    }

    static Stream<Arguments> headers() {
        return Stream.of(
                broken("garbage", npy(1, "garbage", 0), "expected '{'"),
                broken("an expression", npy(1, "__import__('os')", 0), "expected '{'"),
                broken("a list", npy(1, "[1]", 0), "expected '{'"),
                broken("empty dictionary", npy(1, "{}", 0), "got []"),
                broken("not closed", npy(1, GOOD.replace("}", ""), 24), "expected a text in quotes, got ''"),
                broken("goes on", npy(1, GOOD + " 1", 24), "it goes on after '}'"),
                broken("without descr", npy(1, "{'fortran_order': False, 'shape': (2, 3)}", 24),
                        "got [fortran_order, shape]"),
                broken("without shape", npy(1, "{'descr': '<f4', 'fortran_order': False}", 24),
                        "got [descr, fortran_order]"),
                broken("another key", npy(1, GOOD.replace("}", "'x': 1}"), 24), "got 'x'"),
                broken("a key twice", npy(1, GOOD.replace("}", "'descr': '<f4'}"), 24), "got 'descr'"),
                broken("no comma", npy(1, GOOD.replace("False,", "False"), 24), "expected '}'"),
                broken("no colon", npy(1, GOOD.replace("'shape':", "'shape'"), 24), "expected ':'"),
                broken("open quote", npy(1, "{'descr", 24), "expected a text in quotes"),
                broken("order a number", npy(1, GOOD.replace("False", "0"), 24), "expected True or False"),
                broken("order in lower case", npy(1, GOOD.replace("False", "false"), 24), "expected True or False"),
                broken("shape a number", shape("6"), "expected '('"),
                broken("shape a list", shape("[2, 3]"), "expected '('"),
                broken("shape a number in brackets", shape("(6)"), "expected a tuple"),
                broken("negative size", shape("(-2, 3)"), "expected sizes from 0"),
                broken("fraction", shape("(2.0, 3)"), "expected ')'"),
                broken("size of 2^63", shape("(9223372036854775808,)"), "expected sizes from 0"),
                broken("400 digits", shape("(" + "9".repeat(400) + ",)"), "expected sizes from 0"),
                broken("no size", shape("(2, , 3)"), "expected sizes from 0"),
                broken("shape not closed", npy(1, "{'shape': (2, 3", 24), "expected ')'"),
                broken("not UTF-8", with(npy(3, GOOD, 24), 14, 0xff), "not valid UTF-8"),
                broken("forged lines", npy(1, "{'a\nERROR all is lost\u0085': 1}", 0),
                        "'a\\u000aERROR all is lost\\u0085'"));
    }

    static Stream<Arguments> types() {
        return Stream.of(
                broken("objects", type("|O"), "Python objects, which are pickled"),
                broken("wide objects", type("|O8"), "Python objects, which are pickled"),
                broken("structured", npy(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", 8),
                        "structured arrays are not supported"),
                broken("no byte order", type("f4"), "got 'f4'"),
                broken("the machine's byte order", type("=f4"), "got '=f4'"),
                broken("order of no matter", type("|f4"), "got '|f4'"),
                broken("empty", type(""), "got ''"),
                broken("order alone", type("<"), "got '<'"),
                broken("wide float", type("<f16"), "got '<f16'"),
                broken("complex", type("<c8"), "got '<c8'"),
                broken("text", type("<U3"), "got '<U3'"),
                broken("odd size", type("<i3"), "got '<i3'"),
                broken("a name", type("float32"), "got 'float32'"));
    }

    static Stream<Arguments> fromNumPy() {
        return Stream.of(
                recorded("object.npy", "Python objects, which are pickled and are not read"),
                recorded("structured.npy", "structured arrays are not supported"),
                recorded("structured-unicode.npy", "structured arrays are not supported"),
                recorded("complex.npy", "got '<c16'"), recorded("text.npy", "got '<U3'"),
                recorded("bytes.npy", "got '|S3'"), recorded("date.npy", "got '<M8[D]'"),
                recorded("longdouble.npy", "got '<f16'"), recorded("void.npy", "got '|V2'"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"starts", "sizes", "headers", "types", "fromNumPy"})
    void endInOneErrorThatNamesTheFault(String what, byte[] bytes, String fault) throws IOException {
        CheckpointException fromBytes = assertThrows(CheckpointException.class, () -> Npy.read(bytes, "file.npy"));
        assertTrue(fromBytes.getMessage().startsWith("file.npy: "), fromBytes.getMessage());
        assertTrue(fromBytes.getMessage().contains(fault), fromBytes.getMessage());
        assertFalse(fromBytes.getMessage().contains("\n"));
        Path file = folder.resolve("broken.npy");
        Files.write(file, bytes);
        CheckpointException fromFile = assertThrows(CheckpointException.class, () -> Npy.read(file));
        assertEquals(fromBytes.fault(), fromFile.fault());
    }

    @Test
    void whatIsNoFile() {
        assertTrue(assertThrows(CheckpointException.class, () -> Npy.read(folder)).getMessage()
                .endsWith("is a directory"));
        assertTrue(assertThrows(CheckpointException.class, () -> Npy.read(folder.resolve("none"))).getMessage()
                .endsWith("no such file"));
    }

    private static byte[] shape(String shape) {
        return npy(1, GOOD.replace("(2, 3)", shape), 24);
    }

    private static byte[] type(String type) {
        return npy(1, GOOD.replace("<f4", type), 24);
    }

    /** A file of a version, with a header of its true length and so many bytes of data. */
    static byte[] npy(int version, String header, int data) {
        byte[] text = header.getBytes(version == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0};
        byte[] length = Arrays.copyOf(Crafted.length(text.length), version == 1 ? 2 : 4);
        return Crafted.join(start, length, text, new byte[data]);
    }

    private static byte[] with(byte[] bytes, int at, int value) {
        byte[] changed = bytes.clone();
        changed[at] = (byte) value;
        return changed;
    }

    private static Arguments broken(String what, byte[] bytes, String fault) {
        return Arguments.of(what, bytes, fault);
    }

    private static Arguments recorded(String file, String fault) {
        try {
            return Arguments.of(file, Files.readAllBytes(NpyTest.FILES.resolve(file)), fault);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
