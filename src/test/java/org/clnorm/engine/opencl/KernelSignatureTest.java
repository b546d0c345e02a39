package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clnorm.engine.opencl.KernelSignature.Parameter;
import org.clnorm.engine.opencl.KernelSignature.Type;
import org.junit.jupiter.api.Test;

class KernelSignatureTest {
    private static List<Parameter> parameters(String source) {
        return KernelSignature.parse("p", source).get("k").parameters();
    }

    @Test
    void readsTypesAndNamesInOrder() {
        assertEquals(
                List.of(new Parameter(Type.BUFFER, "x"), new Parameter(Type.BUFFER, "y"),
                        new Parameter(Type.BUFFER, "z"), new Parameter(Type.FLOAT, "eps"),
                        new Parameter(Type.INT, "flag"), new Parameter(Type.LONG, "n")),
                parameters("__kernel void k(__global const float *restrict x, global float4* y,\n"
                        + "   const __global float * z, const float eps,\n int flag, long n) {"));
    }

    @Test
    void skipsAttributesAndComments() {
        Map<String, KernelSignature> kernels = KernelSignature.parse("p", """
                // __kernel void no(long a) {
                /* __kernel void neither(long a) { */
                __kernel __attribute__((reqd_work_group_size(WORK_GROUP, 1, 1)))
                void k(long a, // first, and
                       long b) {
                }
                kernel __attribute__((reqd_work_group_size(1, 1, 1))) __attribute__((vec_type_hint(float4)))
                void second(int c) {
                }
                inline void helper(long d) {
                }
                __kernel void declared(long e);
                """);
        assertEquals(Set.of("k", "second"), kernels.keySet());
        assertEquals(List.of(new Parameter(Type.LONG, "a"), new Parameter(Type.LONG, "b")),
                kernels.get("k").parameters());
    }

    @Test
    void refusesWhatCannotBeBound() {
        for (String bad : List.of("__local float *x", "double d", "uint n", "float *x", "x", "")) {
            assertThrows(IllegalStateException.class, () -> parameters("__kernel void k(" + bad + ") {"), bad);
        }
        assertThrows(IllegalStateException.class,
                () -> parameters("kernel void k(int a) { } kernel void k(int a) { }"));
    }

    @Test
    void includesAreInPlaceOnceWithTheirLines() throws IOException {
        KernelSource source = KernelSource.load("common/plain");
        assertEquals(Set.of("forward", "backward", "parameter_gradients"), source.signatures().keySet());
        assertTrue(source.text().contains("group_stats store_stats("));
        assertTrue(source.text().lines().noneMatch(line -> line.strip().startsWith("#include")));
        String original;
        try (InputStream in = KernelSource.class.getResourceAsStream("/org/clnorm/opencl/common/plain.cl")) {
            original = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        long include = original.lines().takeWhile(line -> !line.startsWith("#include")).count() + 1;
        assertTrue(source.text().contains("\n#line " + (include + 1) + " \"common/plain.cl\"\n"));
    }

    @Test
    void namesWhatIsMissing() {
        assertTrue(assertThrows(IllegalStateException.class, () -> KernelSource.load("common/none")).getMessage()
                .contains("common/none.cl"));
        assertTrue(assertThrows(IllegalStateException.class,
                () -> KernelSource.load("common/plain").signature("none")).getMessage().contains("forward"));
    }
}
