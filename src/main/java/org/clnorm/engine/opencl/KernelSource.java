package org.clnorm.engine.opencl;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel source from the jar with its includes in place.
 *
 * @param program    the name without the ending, {@code cpu/rows} say
 * @param text       the whole source
 * @param signatures the kernels in it
 */
record KernelSource(String program, String text, Map<String, KernelSignature> signatures) {
    private static final String FOLDER = "/org/clnorm/opencl/";
    private static final Pattern INCLUDE = Pattern.compile("^[ \t]*#[ \t]*include[ \t]+\"([^\"]+)\"[^\n]*$",
            Pattern.MULTILINE);

    static KernelSource load(String program) {
        String text = resolved(program + ".cl", new HashSet<>());
        return new KernelSource(program, text, KernelSignature.parse(program, text));
    }

    KernelSignature signature(String kernel) {
        KernelSignature signature = signatures.get(kernel);
        if (signature == null) {
            throw new IllegalStateException(
                    "expected a kernel of " + program + ".cl, which has " + signatures.keySet() + ", got " + kernel);
        }
        return signature;
    }

    /** The text of a file with what it includes, each file once. */
    private static String resolved(String file, Set<String> seen) {
        if (!seen.add(file)) {
            return "";
        }
        String text = read(file);
        Matcher include = INCLUDE.matcher(text);
        StringBuilder whole = new StringBuilder("#line 1 \"" + file + "\"\n");
        int end = 0;
        while (include.find()) {
            long line = text.substring(0, include.end()).lines().count() + 1;
            whole.append(text, end, include.start()).append(resolved(include.group(1), seen))
                    .append("\n#line ").append(line).append(" \"").append(file).append('"');
            end = include.end();
        }
        return whole.append(text, end, text.length()).toString();
    }

    private static String read(String file) {
        try (InputStream in = KernelSource.class.getResourceAsStream(FOLDER + file)) {
            if (in == null) {
                throw new IllegalStateException("expected the kernel source " + file + " in the jar, found none");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new UncheckedIOException("cannot read the kernel source " + file, failed);
        }
    }
}
