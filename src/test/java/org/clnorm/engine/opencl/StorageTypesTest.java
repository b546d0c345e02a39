package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Tensors may be of 16 bits, so kernels declare and read them by the types and functions of {@code common/storage.cl}:
 * a compiler lets a {@code float *} or a plain index pass, and floats are all that most tests have.
 */
class StorageTypesTest {
    private static final Pattern POINTER = Pattern.compile(
            "__global\\s+(?:const\\s+)?(\\w+)\\s*\\*\\s*(?:restrict\\s+)?(x|y|dy|dx|weight|bias|dweight|dbias)\\b");
    /** The second is the first, and const where a kernel does not write what it normalizes. */
    private static final Set<String> ELEMENTS = Set.of("element", "normalized_element");
    private static final Pattern INDEX = Pattern.compile("(?<![\\w.>])(?:x|y|dy|dx)\\[");
    /** They move elements as they are and compute with none, or try operations on floats that are no tensor's. */
    private static final Set<String> EXCEPT = Set.of("copy.cl", "strided.cl", "rounding.cl");
    private static final Pattern COMMENT = Pattern.compile("//[^\n]*");

    private static List<Path> sources() throws IOException, URISyntaxException {
        Path one = Path.of(StorageTypesTest.class.getResource("/org/clnorm/opencl/common/storage.cl").toURI());
        try (Stream<Path> files = Files.walk(one.getParent().getParent())) {
            return files.filter(file -> file.toString().endsWith(".cl"))
                    .filter(file -> !EXCEPT.contains(file.getFileName().toString())).toList();
        }
    }

    @Test
    void tensorsAreReadAsTheyAreStored() throws IOException, URISyntaxException {
        List<String> faults = new ArrayList<>();
        int pointers = 0;
        for (Path file : sources()) {
            String text = COMMENT.matcher(Files.readString(file)).replaceAll("");
            Matcher pointer = POINTER.matcher(text);
            while (pointer.find()) {
                pointers++;
                boolean element = pointer.group(2).matches("d?[xy]");
                if (element ? !ELEMENTS.contains(pointer.group(1)) : pointer.group(1).equals("float")) {
                    faults.add(file.getFileName() + ": " + pointer.group());
                }
            }
            INDEX.matcher(text).results().forEach(found -> faults.add(file.getFileName() + ": " + text.substring(
                    found.start(), text.indexOf('\n', found.start()))));
        }
        assertTrue(pointers > 50, "found " + pointers);
        assertEquals(List.of(), faults);
    }
}
