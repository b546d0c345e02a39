package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Step;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;

/**
 * Whether a device computes as the bitwise variant needs: what it says of itself, and what it then does with some
 * thousand operands, whose results Java knows.
 */
final class RoundingProbe {
    static final int VALUES = 4096;
    private static final int CPU_WIDTH = 16;

    /** What {@code common/rounding.cl} computes, in the order of its planes. */
    private enum Operation {
        SUM("a + b", (a, b, c) -> a + b),
        PRODUCT("a * b", (a, b, c) -> a * b),
        PRODUCT_ADDED("c + a * b, not contracted", (a, b, c) -> c + a * b),
        PRODUCT_LESS("a * b - c, not contracted", (a, b, c) -> a * b - c),
        LESS_PRODUCT("c - a * b, not contracted", (a, b, c) -> c - a * b),
        QUOTIENT("a / b", (a, b, c) -> a / b),
        QUOTIENT_OF_PRODUCT("c / (a * b)", (a, b, c) -> c / (a * b)),
        FINITE("isfinite(a)", (a, b, c) -> Float.isFinite(a) ? 2 : 1),
        ROOT("sqrt(|a|)", (a, b, c) -> root(a)),
        RECIPROCAL_ROOT("1 / sqrt(|a|)", (a, b, c) -> 1 / root(a)),
        FMA("fma(a, b, c)", Math::fma),
        CONVERSION("(float) of a long", (a, b, c) -> Float.floatToRawIntBits(a));

        private final String formula;
        private final Rule rule;

        Operation(String formula, Rule rule) {
            this.formula = formula;
            this.rule = rule;
        }

        /** A double's root, rounded, is the float's. */
        private static float root(float value) {
            return (float) Math.sqrt(Math.abs(value));
        }
    }

    /** An operation on floats. */
    private interface Rule {
        float of(float a, float b, float c);
    }

    private final OpenClDevice device;
    private final ClSession session;
    private final BufferPool pool;
    private final PlanCache plans;
    private final Launcher launcher;

    RoundingProbe(OpenClDevice device, ClSession session, BufferPool pool, PlanCache plans, Launcher launcher) {
        this.device = device;
        this.session = session;
        this.pool = pool;
        this.plans = plans;
        this.launcher = launcher;
    }

    /**
     * What a device does not promise of {@code CL_DEVICE_SINGLE_FP_CONFIG}.
     *
     * @throws IllegalArgumentException if anything is missing
     */
    static void checkPromises(DeviceFacts facts) {
        List<String> missing = new ArrayList<>();
        add(missing, facts, CL.CL_FP_ROUND_TO_NEAREST, "CL_FP_ROUND_TO_NEAREST");
        add(missing, facts, CL.CL_FP_INF_NAN, "CL_FP_INF_NAN");
        add(missing, facts, CL.CL_FP_DENORM, "CL_FP_DENORM");
        add(missing, facts, CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT, "CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT");
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("expected a device that rounds as IEEE 754 says for the variant "
                    + DeviceRequest.BITWISE + ", got " + facts + " without " + String.join(", ", missing)
                    + " in CL_DEVICE_SINGLE_FP_CONFIG");
        }
    }

    private static void add(List<String> missing, DeviceFacts facts, long flag, String name) {
        if ((facts.floats() & flag) == 0) {
            missing.add(name);
        }
    }

    /**
     * Tries it out.
     *
     * @throws DeviceException if a result is not Java's
     */
    void check() {
        float[] operands = operands();
        List<String> wrong = wrong(operands, results(operands));
        if (!wrong.isEmpty()) {
            throw new DeviceException("expected a device that computes as it promises for the variant "
                    + DeviceRequest.BITWISE + ", got " + session.facts() + ", whose results differ: "
                    + String.join("; ", wrong));
        }
    }

    private float[] results(float[] operands) {
        int width = plans.traits().kernels() == KernelSet.CPU ? CPU_WIDTH : 1;
        Step step = new Step("common/rounding", "rounding", Map.of("WIDTH", width), VALUES / width, 1,
                Map.of("values", (long) VALUES));
        NormPlan plan = new NormPlan("rounding", "tries out arithmetic", List.of(step), Map.of(), 0);
        try (Tensor x = device.unscoped(DataType.F32, Shape.of(operands.length)).write(operands);
                Tensor y = device.unscoped(DataType.F32, Shape.of((long) Operation.values().length * VALUES))) {
            session.use(() -> {
                Arguments arguments = new Arguments();
                arguments.set(Arguments.Buffer.X, DeviceStorage.of(x, pool).block());
                arguments.set(Arguments.Buffer.Y, DeviceStorage.of(y, pool).block());
                launcher.launch(plans.prepared(RoundingProbe.class, plan), arguments);
            });
            return y.read();
        }
    }

    /** What Java makes of the operands. */
    static float[] expected(float[] operands) {
        float[] expected = new float[Operation.values().length * VALUES];
        for (Operation operation : Operation.values()) {
            for (int i = 0; i < VALUES; i++) {
                expected[operation.ordinal() * VALUES + i] = operation.rule.of(operands[i], operands[VALUES + i],
                        operands[2 * VALUES + i]);
            }
        }
        return expected;
    }

    /** A line for each operation of which a result is wrong; any NaN is as good as another. */
    static List<String> wrong(float[] operands, float[] results) {
        float[] expected = expected(operands);
        List<String> wrong = new ArrayList<>();
        for (Operation operation : Operation.values()) {
            int from = operation.ordinal() * VALUES;
            int first = Arrays.mismatch(expected, from, from + VALUES, results, from, from + VALUES);
            if (first >= 0) {
                wrong.add(operation.formula + " is " + results[from + first] + " instead of " + expected[from + first]
                        + " where a = " + operands[first] + ", b = " + operands[VALUES + first] + ", c = "
                        + operands[2 * VALUES + first]);
            }
        }
        return wrong;
    }

    /**
     * Ordinary numbers, products of which nearly cancel c, and any bits at all: denormals, infinities and NaN among
     * them.
     */
    static float[] operands() {
        SplittableRandom random = new SplittableRandom(1);
        float[] operands = new float[3 * VALUES];
        for (int i = 0; i < VALUES; i++) {
            float a = value(random, i);
            float b = value(random, i);
            operands[i] = a;
            operands[VALUES + i] = b;
            operands[2 * VALUES + i] = i % 5 == 1 ? a * b : value(random, i);
        }
        return operands;
    }

    private static float value(SplittableRandom random, int i) {
        return switch (i % 5) {
            case 0, 1 -> (float) random.nextDouble(-2, 2);
            case 2 -> (float) (random.nextDouble(-1, 1) * 0x1p-70);
            case 3 -> (float) (random.nextDouble(-1, 1) * 0x1p-125);
            default -> Float.intBitsToFloat(random.nextInt());
        };
    }
}
