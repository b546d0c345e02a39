package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The Java in README.md and docs/ compiles, runs, and keeps its word: assertions hold, and what is printed by a line
 * that ends in a comment is that comment. The links of these pages lead to files that are there.
 */
class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("^```java\\R(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern PRINTED = Pattern.compile("System\\.out\\.println\\(.*\\);\\s*// (.*)");
    private static final Pattern LINK = Pattern.compile("\\[[^]]*]\\(([^)#\\s]+)(?:#[^)]*)?\\)");

    @TempDir
    static Path classes;

    /** One block, and where it begins. */
    record Block(Path page, int line, String code) {
        @Override
        public String toString() {
            return page + ":" + line;
        }
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.exists(Path.of("docs")) ? Files.walk(Path.of("docs")) : Stream.empty()) {
            return Stream.concat(Stream.of(Path.of("README.md")), docs.filter(page -> page.toString().endsWith(".md")))
                    .sorted().toList();
        }
    }

    static List<Block> blocks() throws IOException {
        List<Block> blocks = new ArrayList<>();
        for (Path page : pages()) {
            String text = Files.readString(page);
            Matcher block = BLOCK.matcher(text);
            while (block.find()) {
                int line = (int) text.substring(0, block.start()).lines().count() + 1;
                blocks.add(new Block(page, line, block.group(1)));
            }
        }
        return blocks;
    }

    @Test
    void theReadmeShowsCode() throws IOException {
        assertTrue(blocks().stream().anyMatch(block -> block.page().endsWith("README.md")));
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path page : pages()) {
            Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                String target = link.group(1);
                if (!target.contains(":") && !Files.exists(page.resolveSibling(target))) {
                    broken.add(page + " → " + target);
                }
            }
        }
        assertEquals(List.of(), broken);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void examplesKeepTheirWord(Block block) throws Exception {
        if (block.code().contains("OpenClDevice")) {
            assumeFalse(TestDevices.openCl().isEmpty(), "there is no OpenCL device");
        }
        String name = "Example" + Integer.toHexString(block.toString().hashCode());
        compile(block, name);
        List<String> expected = PRINTED.matcher(block.code()).results().map(result -> result.group(1).strip()).toList();
        List<String> printed = run(name);
        if (!expected.isEmpty()) {
            assertEquals(expected, printed, block.toString());
        }
    }

    private static void compile(Block block, String name) throws IOException {
        Path source = classes.resolve(name + ".java");
        Files.writeString(source, source(block, name));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(messages, null, StandardCharsets.UTF_8)) {
            List<String> options = List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path"),
                    "--release", "17", "-Xlint:all,-try,-processing,-classfile,-path", "-proc:none");
            compiler.getTask(null, files, messages, options, null, files.getJavaFileObjects(source)).call();
        }
        assertEquals("", messages.getDiagnostics().stream().map(message -> block.page() + ":"
                + (block.line() + message.getLineNumber() - header().lines().count() - 1) + ": "
                + message.getMessage(null))
                .collect(Collectors.joining("\n")));
    }

    private static String header() {
        return """
                import static org.jocl.CL.*;
                import java.nio.file.*;
                import java.util.*;
                import java.util.stream.*;
                import org.clnorm.*;
                import org.clnorm.engine.*;
                import org.clnorm.engine.opencl.*;
                import org.clnorm.plan.*;
                import org.clnorm.state.*;
                import org.clnorm.tensor.*;
                import org.jocl.*;
                """;
    }

    /** A block that wraps what its reader has made finds it made, on the line before. */
    private static String source(Block block, String name) {
        String lent = block.code().contains("OpenClDevice.wrap(context, deviceId, queue)")
                ? "try (OpenClDevice lender = (OpenClDevice) Device.open(\"opencl\")) { "
                        + "cl_context context = lender.context(); cl_device_id deviceId = lender.id(); "
                        + "cl_command_queue queue = lender.queue();"
                : "{";
        return header() + "public class " + name + " { public static void run() throws Exception {" + lent + "\n"
                + block.code() + "}\n}\n}\n";
    }

    private static List<String> run(String name) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()},
                ReadmeTest.class.getClassLoader())) {
            loader.setDefaultAssertionStatus(true);
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            loader.loadClass(name).getMethod("run").invoke(null);
        } catch (InvocationTargetException failed) {
            if (failed.getCause() instanceof Error error) {
                throw error;
            }
            throw (Exception) failed.getCause();
        } finally {
            System.setOut(before);
        }
        List<String> printed = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertFalse(printed.contains("null"));
        return printed;
    }
}
