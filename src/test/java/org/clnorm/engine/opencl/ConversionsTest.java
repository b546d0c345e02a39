package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Step;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.Half;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The conversions of {@code common/storage.cl} on every device: they agree with the host's, bit for bit. */
class ConversionsTest {
    private static final int NUMBERS = 1 << 16;
    private static final int WORK_GROUP = 16;

    static Stream<Object[]> devices() {
        return org.clnorm.TestDevices.openCl().stream().map(DeviceInfo::selector).flatMap(
                selector -> Stream.of(new Object[] {selector, DataType.F16}, new Object[] {selector, DataType.BF16}));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void everyNumberIsWidenedExactly(String selector, DataType type) {
        float[] numbers = new float[NUMBERS];
        for (int i = 0; i < NUMBERS; i++) {
            numbers[i] = Half.value(type, (short) i);
        }
        try (Bench bench = new Bench(selector)) {
            for (String kernel : List.of("widen", "widen_parameters")) {
                same(numbers, numbers, bench.run(kernel, type, numbers, type, DataType.F32), kernel);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void floatsAreRoundedToNearestEven(String selector, DataType type) {
        float[] values = floats(type);
        float[] expected = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            expected[i] = Half.value(type, Half.bits(type, values[i]));
        }
        try (Bench bench = new Bench(selector)) {
            for (String kernel : List.of("narrow", "narrow_parameters")) {
                same(values, expected, bench.run(kernel, type, values, DataType.F32, type), kernel);
            }
        }
    }

    private static void same(float[] values, float[] expected, float[] got, String kernel) {
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(got[i])) {
                assertEquals(expected[i], got[i], kernel + " of " + values[i]);
            }
        }
    }

    /** Every number, the middle of it and the next one, the floats on both sides of these, and random bits. */
    private static float[] floats(DataType type) {
        List<Float> floats = new ArrayList<>(List.of(Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE,
                -Float.MIN_VALUE, Float.MIN_NORMAL, Float.NaN, 65519.996f, 65520f, 0x1p-25f, 0x1.000002p-25f));
        for (int i = 0; i < NUMBERS; i++) {
            float number = Half.value(type, (short) i);
            float middle = Float.isFinite(number) ? (number + Half.value(type, (short) (i + 1))) / 2 : number;
            for (float at : new float[] {number, middle}) {
                floats.addAll(List.of(at, Math.nextUp(at), Math.nextDown(at)));
            }
        }
        Random random = new Random(3);
        while (floats.size() % WORK_GROUP != 0 || floats.size() < 12 * NUMBERS) {
            floats.add(Float.intBitsToFloat(random.nextInt()));
        }
        float[] values = new float[floats.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = floats.get(i);
        }
        return values;
    }

    /** A device, and what it takes to run a kernel of one's own on it. */
    private static final class Bench implements AutoCloseable {
        private final ClSession session;
        private final BufferPool pool;
        private final ProgramCache programs;

        Bench(String selector) {
            Setup setup = Setup.ofProcess();
            Cl cl = setup.cl();
            session = ClSession.open(cl,
                    new Selection(new Discovery(cl, new PoclGuard(setup.environment()))).device(selector));
            pool = new BufferPool(session);
            programs = new ProgramCache(session, new DiskCache(null));
        }

        float[] run(String kernel, DataType storage, float[] values, DataType from, DataType to) {
            int code = storage == DataType.F16 ? 1 : 2;
            Step step = new Step("test/conversions", kernel, Map.of("STORAGE", code, "PARAMETERS_STORAGE", code),
                    values.length / WORK_GROUP, WORK_GROUP, Map.of());
            PlanCache plans = new PlanCache(session, programs, session.facts().traits(KernelSet.CPU), "", Tuning.NONE);
            NormPlan plan = new NormPlan("test", "", List.of(step), Map.of(), 0);
            BufferPool.Block x = pool.take(values.length, from.bytes());
            BufferPool.Block y = pool.take(values.length, to.bytes());
            transfers(from).write(x.memory(), 0, values, 0, values.length);
            Arguments arguments = new Arguments();
            arguments.set(Arguments.Buffer.X, x);
            arguments.set(Arguments.Buffer.Y, y);
            session.use(() -> new Launcher(session).launch(plans.prepared(kernel, plan), arguments));
            float[] got = new float[values.length];
            transfers(to).read(y.memory(), 0, got, 0, got.length);
            pool.giveBack(x);
            pool.giveBack(y);
            plans.close();
            return got;
        }

        private Transfers transfers(DataType type) {
            return type == DataType.F32 ? new FloatTransfers(session) : new HalfTransfers(session, type);
        }

        @Override
        public void close() {
            session.close(new Cleanup().add(programs::close).add(pool::close));
        }
    }
}
