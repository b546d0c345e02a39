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
 * The Java in README.md, opencl/README.md and docs/, decisions included, compiles, runs, and keeps its word: assertions
 * hold, and what is printed by a line that ends in a comment is that comment. A block that declares a class is a whole
 * program, any other the inside of a method. So does the Java that packages show in their javadoc.
 */
class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("^```java\\R(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern JAVADOC =
            Pattern.compile("^ \\* <pre>\\{@code\\R(.*?)^ \\* }</pre>", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern PRINTED = Pattern.compile("System\\.out\\.println\\(.*\\);\\s*// (.*)");
    private static final Pattern PROGRAM = Pattern.compile("^public class (\\w+)", Pattern.MULTILINE);

    @TempDir
    static Path classes;

    /** One block, and where it begins. */
    record Block(Path page, int line, String code) {
        /** Of the class that it declares, or of the one around it. */
        String name() {
            Matcher program = PROGRAM.matcher(code);
            return program.find() ? program.group(1) : "Example" + Integer.toHexString(toString().hashCode());
        }

        boolean isProgram() {
            return PROGRAM.matcher(code).find();
        }

        @Override
        public String toString() {
            return page + ":" + line;
        }
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.exists(Path.of("docs")) ? Files.walk(Path.of("docs")) : Stream.empty()) {
            return Stream.concat(Stream.of(Path.of("README.md"), Path.of("opencl/README.md")),
                    docs.filter(page -> page.toString().endsWith(".md"))).sorted().toList();
        }
    }

    static List<Block> blocks() throws IOException {
        List<Block> blocks = new ArrayList<>();
        for (Path page : pages()) {
            blocks.addAll(blocks(page, BLOCK));
        }
        try (Stream<Path> sources = Files.walk(Path.of("src/main/java"))) {
            for (Path room : sources.filter(source -> source.endsWith("package-info.java")).sorted().toList()) {
                blocks.addAll(blocks(room, JAVADOC));
            }
        }
        return blocks;
    }

    private static List<Block> blocks(Path page, Pattern pattern) throws IOException {
        String text = Files.readString(page);
        return pattern.matcher(text).results().map(block -> new Block(page,
                (int) text.substring(0, block.start()).lines().count() + 1,
                block.group(1).replaceAll("(?m)^ \\*( |$)", ""))).toList();
    }

    @Test
    void readmeStartAndPackagesShowCode() throws IOException {
        for (String page : new String[] {"README.md", "start.md", "package-info.java"}) {
            assertTrue(blocks().stream().anyMatch(block -> block.page().endsWith(page)), page);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("blocks")
    void examplesKeepTheirWord(Block block) throws Exception {
        if (block.code().contains("OpenClDevice")) {
            assumeFalse(TestDevices.openCl().isEmpty(), "there is no OpenCL device");
        }
        compile(block);
        List<String> expected = PRINTED.matcher(block.code()).results().map(result -> result.group(1).strip()).toList();
        List<String> printed = run(block);
        if (!expected.isEmpty()) {
            assertEquals(expected, printed, block.toString());
        }
    }

    private static void compile(Block block) throws IOException {
        Path source = classes.resolve(block.name() + ".java");
        String before = before(block);
        Files.writeString(source, before + block.code() + (block.isProgram() ? "" : "}\n}\n}\n"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(messages, null, StandardCharsets.UTF_8)) {
            List<String> options = List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path"),
                    "--release", "17", "-Xlint:all,-try,-processing,-classfile,-path", "-proc:none");
            compiler.getTask(null, files, messages, options, null, files.getJavaFileObjects(source)).call();
        }
        assertEquals("", messages.getDiagnostics().stream().map(message -> block.page() + ":"
                + (block.line() + message.getLineNumber() - before.lines().count()) + ": "
                + message.getMessage(null))
                .collect(Collectors.joining("\n")));
    }

    private static String header() {
        return """
                import static org.jocl.CL.*;
                import java.nio.file.*;
                import java.time.*;
                import java.util.*;
                import java.util.stream.*;
                import org.clnorm.*;
                import org.clnorm.engine.*;
                import org.clnorm.engine.opencl.*;
                import org.clnorm.plan.*;
                import org.clnorm.state.*;
                import org.clnorm.sync.*;
                import org.clnorm.tensor.*;
                import org.jocl.*;
                """;
    }

    /** What a block needs before it. One that wraps what its reader has made finds it made. */
    private static String before(Block block) {
        if (block.isProgram()) {
            return "";
        }
        String lent = block.code().contains("OpenClDevice.wrap(context, deviceId, queue)")
                ? "try (OpenClDevice lender = (OpenClDevice) Device.open(\"opencl\")) { "
                        + "cl_context context = lender.context(); cl_device_id deviceId = lender.id(); "
                        + "cl_command_queue queue = lender.queue();"
                : "{";
        return header() + "public class " + block.name() + " { public static void run() throws Exception {"
                + lent + "\n";
    }

    private static List<String> run(Block block) throws Exception {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()},
                ReadmeTest.class.getClassLoader())) {
            loader.setDefaultAssertionStatus(true);
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            Class<?> type = loader.loadClass(block.name());
            if (block.isProgram()) {
                type.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
            } else {
                type.getMethod("run").invoke(null);
            }
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
