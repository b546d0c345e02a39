package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parameters of a kernel as its source declares them, since arguments are bound by name. Understands the plain way
 * in which our own sources are written: {@code __kernel void name(type name, …)}, attributes allowed before {@code
 * void}.
 *
 * @param kernel     the kernel's name
 * @param parameters in order
 */
record KernelSignature(String kernel, List<Parameter> parameters) {
    /** What an argument can be; a real is a float or, where tensors are doubles, a double. */
    enum Type {
        BUFFER, FLOAT, REAL, INT, LONG
    }

    /** One parameter. */
    record Parameter(Type type, String name) {
    }

    private static final Pattern COMMENT = Pattern.compile("//[^\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern KERNEL = Pattern.compile(
            "\\b(?:__)?kernel\\s+(?:__attribute__\\s*\\(\\(.*?\\)\\)\\s*)*void\\s+(\\w+)\\s*\\(([^)]*)\\)\\s*\\{",
            Pattern.DOTALL);
    private static final Pattern PARAMETER = Pattern.compile("(.*\\W)(\\w+)", Pattern.DOTALL);
    private static final Map<String, Type> SCALARS = Map.of("float", Type.FLOAT, "real", Type.REAL, "int", Type.INT,
            "long", Type.LONG);

    /** The kernels of a source, by name. */
    static Map<String, KernelSignature> parse(String program, String source) {
        Map<String, KernelSignature> signatures = new TreeMap<>();
        Matcher kernels = KERNEL.matcher(COMMENT.matcher(source).replaceAll(" "));
        while (kernels.find()) {
            String name = kernels.group(1);
            if (signatures.put(name, new KernelSignature(name, parameters(program, name, kernels.group(2)))) != null) {
                throw new IllegalStateException("expected one kernel " + name + " in " + program + ", got two");
            }
        }
        return signatures;
    }

    private static List<Parameter> parameters(String program, String kernel, String list) {
        List<Parameter> parameters = new ArrayList<>();
        for (String text : list.split(",")) {
            Matcher matcher = PARAMETER.matcher(text.strip());
            if (!matcher.matches()) {
                throw new IllegalStateException("expected parameters 'type name' in " + program + ":" + kernel
                        + ", got '" + text.strip() + "'");
            }
            parameters.add(new Parameter(type(program, kernel, matcher.group(1)), matcher.group(2)));
        }
        return List.copyOf(parameters);
    }

    private static Type type(String program, String kernel, String text) {
        boolean global = text.contains("global") && text.contains("*");
        Type type = global ? Type.BUFFER : SCALARS.get(text.replaceAll("\\bconst\\b", "").strip());
        if (type == null) {
            throw new IllegalStateException("expected a __global pointer, float, real, int or long in " + program + ":"
                    + kernel + ", got '" + text.strip() + "'");
        }
        return type;
    }
}
