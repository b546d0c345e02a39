package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.jocl.CL;
import org.junit.jupiter.api.Test;

/** What is promised to be the same everywhere is only promised where it is. */
class RoundingProbeTest {
    private static final int VALUES = RoundingProbe.VALUES;
    private static final long ALL = CL.CL_FP_ROUND_TO_NEAREST | CL.CL_FP_INF_NAN | CL.CL_FP_DENORM
            | CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;

    private final float[] operands = RoundingProbe.operands();
    private final float[] results = RoundingProbe.expected(operands);

    /** What a device might make of three operands. */
    private interface Rule {
        float of(float a, float b, float c);
    }

    private static DeviceFacts promising(long floats) {
        return new DeviceFacts(null, null, "opencl:0:0", "Some Platform", "", "Some Device", CL.CL_DEVICE_TYPE_GPU, "",
                "OpenCL 3.0", true, 1, 1, 1, 1, 1, 1, floats, "");
    }

    @Test
    void missingPromisesAreNamed() {
        RoundingProbe.checkPromises(promising(ALL));
        IllegalArgumentException two = assertThrows(IllegalArgumentException.class, () -> RoundingProbe.checkPromises(
                promising(CL.CL_FP_ROUND_TO_NEAREST | CL.CL_FP_INF_NAN | CL.CL_FP_FMA)));
        assertEquals("expected a device that rounds as IEEE 754 says for the variant bitwise, got Some Device"
                + " (opencl:0:0, Some Platform) without CL_FP_DENORM, CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT in"
                + " CL_DEVICE_SINGLE_FP_CONFIG", two.getMessage());
        for (long flag = 1; flag <= ALL; flag *= 2) {
            if ((ALL & flag) != 0) {
                long others = ALL & ~flag;
                assertThrows(IllegalArgumentException.class, () -> RoundingProbe.checkPromises(promising(others)));
            }
        }
    }

    @Test
    void contractionIsFound() {
        assertEquals(List.of(), RoundingProbe.wrong(operands, results));
        replace(2, (a, b, c) -> Math.fma(a, b, c));
        replace(3, (a, b, c) -> Math.fma(a, b, -c));
        replace(4, (a, b, c) -> Math.fma(-a, b, c));
        assertWrong("c + a * b, not contracted", "a * b - c, not contracted", "c - a * b, not contracted");
    }

    @Test
    void quotientsAndRootsThatAreOffAreFound() {
        replace(5, (a, b, c) -> a * (1 / b));
        replace(6, (a, b, c) -> c * (1 / (a * b)));
        replace(8, (a, b, c) -> Math.nextUp((float) Math.sqrt(Math.abs(a))));
        replace(9, (a, b, c) -> (float) (1 / Math.sqrt(Math.abs(a))));
        assertWrong("a / b", "c / (a * b)", "sqrt(|a|)", "1 / sqrt(|a|)");
    }

    @Test
    void flushedDenormalsAreFound() {
        replace(0, (a, b, c) -> flushed(flushed(a) + flushed(b)));
        replace(1, (a, b, c) -> flushed(a * b));
        assertWrong("a + b", "a * b");
    }

    private static float flushed(float value) {
        return Math.abs(value) < Float.MIN_NORMAL ? Math.copySign(0, value) : value;
    }

    private void replace(int plane, Rule rule) {
        for (int i = 0; i < VALUES; i++) {
            results[plane * VALUES + i] = rule.of(operands[i], operands[VALUES + i], operands[2 * VALUES + i]);
        }
    }

    private void assertWrong(String... formulas) {
        List<String> wrong = RoundingProbe.wrong(operands, results);
        assertEquals(formulas.length, wrong.size(), wrong.toString());
        for (int i = 0; i < formulas.length; i++) {
            assertTrue(wrong.get(i).startsWith(formulas[i] + " is "), wrong.get(i));
        }
    }
}
