package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * No function of the kernels changes a structure that it was given, or takes its address. Mesa's rusticl (22.3) hands
 * structures over by reference, so that the caller's would change with it.
 */
class KernelStructuresTest {
    private static final Pattern STRUCTURE = Pattern.compile("typedef struct \\{([^}]*)}\\s*(\\w+);");
    private static final Pattern ARRAY = Pattern.compile("(\\w+)\\[");
    /** Its name, its parameters and its body, which ends at the first line that begins with a brace. */
    private static final Pattern FUNCTION = Pattern.compile("^[\\w ]*?(\\w+)\\(([^()]*)\\) \\{\n(.*?)^}",
            Pattern.MULTILINE | Pattern.DOTALL);

    @Test
    void whatIsGivenStaysAsItIs() throws IOException {
        String sources = sources();
        List<String> functions = FUNCTION.matcher(sources).results().map(found -> found.group(1)).toList();
        assertTrue(functions.containsAll(List.of("pair_add", "load_block", "after")), functions.toString());
        assertEquals(List.of(), changes(sources));
    }

    @Test
    void changesAreFound() {
        String structure = "typedef struct {\n    float x, y[2];\n    __global float *to;\n} t;\n";
        for (String change : List.of("a = b", "a.x += 1", "a.y[2] = 1", "a.x.x++", "--a.x", "f(&a)", "f(b, &a.x)")) {
            assertEquals(List.of("g: a"), changes(structure + "static inline t g(t a) {\n    " + change + ";\n}\n"));
        }
        for (String use : List.of("b = a", "b.a = 1", "x = a.x == 1", "p->a = 1", "a.to[2] = 1", "f(b & c)")) {
            assertEquals(List.of(), changes(structure + "static inline t g(t a) {\n    " + use + ";\n}\n"));
        }
    }

    private static String sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("opencl"))) {
            List<String> texts = new ArrayList<>();
            for (Path file : files.filter(path -> path.toString().endsWith(".cl")).toList()) {
                texts.add(Files.readString(file).replaceAll("//[^\n]*", ""));
            }
            assertFalse(texts.isEmpty());
            return String.join("\n", texts);
        }
    }

    /** The parameters that are changed, after the names of their functions. */
    private static List<String> changes(String sources) {
        List<MatchResult> structures = STRUCTURE.matcher(sources).results().toList();
        String types = String.join("|", structures.stream().map(structure -> structure.group(2)).toList());
        String arrays = String.join("|", structures.stream()
                .flatMap(structure -> ARRAY.matcher(structure.group(1)).results()).map(array -> array.group(1))
                .toList());
        Pattern given = Pattern.compile("\\b(?:" + types + ") (\\w+)\\s*(?:,|$)");
        return FUNCTION.matcher(sources).results().flatMap(function -> given.matcher(function.group(2)).results()
                .map(parameter -> parameter.group(1)).filter(name -> isChanged(name, arrays, function.group(3)))
                .map(name -> function.group(1) + ": " + name)).toList();
    }

    private static boolean isChanged(String name, String arrays, String body) {
        String member = "(?<![\\w.>])" + name + "(?:\\.\\w+)*?(?:\\.(?:" + arrays + ")\\[[^]]*]|\\.\\w+)?";
        String changed = member + "\\s*(?:=[^=]|[-+*/|&]=|\\+\\+|--)|(?:\\+\\+|--|&)" + name + "\\b";
        return Pattern.compile(changed).matcher(body).find();
    }
}
