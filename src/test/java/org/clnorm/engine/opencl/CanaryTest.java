package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.clnorm.NormLayer;
import org.clnorm.TrackingLayer;
import org.clnorm.conformance.RandomWorkloads;
import org.clnorm.conformance.Workload;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningStatistics;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.engine.Tunable;
import org.clnorm.engine.opencl.Fenced.Region;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Task;
import org.clnorm.plan.Task.Pass;
import org.clnorm.plan.Task.Statistics;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_mem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * No kernel writes a byte beside what it is to write: random workloads of all layers, with every tensor between fences
 * in the caller's memory, in place and not, and the saved statistics in a block of the pool whose rest is watched.
 * {@code -Dclnorm.canaries=N} tries N workloads a set of kernels, {@code -Dclnorm.seed=S} others, and every kernel.
 * Otherwise there are few with the kernels for GPUs, which take seconds to compile for a CPU.
 */
class CanaryTest {
    private static final long SEED = Long.getLong("clnorm.seed", 1);
    /** What DeviceStatistics keeps of a group. */
    private static final int STATISTICS_BYTES = 5 * Float.BYTES;

    private static final boolean LONG = System.getProperty("clnorm.canaries") != null;
    /** Variants that suit few shapes, and none that are drawn. */
    private static final Set<String> SELDOM = Set.of("gpu/columns", "gpu/planes-ticketed");
    /** Of tensors with gaps: {@link BorrowTest}; and of probes, which take no tensor of the caller's. */
    private static final Set<String> ELSEWHERE = Set.of("common/strided:gather", "common/strided:scatter",
            "common/copy:copy", "common/empty:empty");

    private final Map<String, Integer> passes = new TreeMap<>();
    private final Set<String> reached = new TreeSet<>();

    @ParameterizedTest
    @CsvSource({"cpu, '', 40", "cpu, plain, 20", "gpu, '', 3"})
    void nothingBesideIsWritten(String kernels, String variant, int usual) {
        int count = Integer.getInteger("clnorm.canaries", usual);
        RandomWorkloads workloads = new RandomWorkloads(SEED, false);
        Ledger ledger = new Ledger();
        try (Bare bare = new Bare(false); OpenClDevice device = new OpenClProvider(
                new Setup(FaultPlan.NONE, ledger, System.getenv())).wrap(bare.context, bare.device, bare.queue,
                        new DeviceRequest("opencl", kernels, variant, null))) {
            for (int i = 0; i < count; i++) {
                Workload workload = workloads.next();
                if (workload.shape().size() > 0) {
                    new Run(bare, device, variant, workload).run();
                }
            }
        }
        assertEquals(0, ledger.live(), ledger.toString());
        assertTrue(passes.values().stream().mapToInt(n -> n).sum() >= count, () -> "passes by variant " + passes);
        System.out.println("canaries, kernels " + kernels + " " + variant + ": passes by variant " + passes);
    }

    /**
     * What random workloads do not come to: the variants that few shapes suit, and in a long run every kernel, by works
     * whose thresholds are so low that they are done as large ones are.
     */
    @Test
    void noKernelIsForgotten() throws IOException {
        DeviceFacts facts = TestDevices.facts();
        Ledger ledger = new Ledger();
        try (Bare bare = new Bare(false)) {
            for (SmallWork work : works()) {
                Wrapping wrapping = new Wrapping(new Setup(FaultPlan.NONE, ledger, System.getenv()).cl(), bare.context,
                        bare.device, bare.queue);
                ClSession session = wrapping.session(wrapping.facts());
                try (OpenClDevice device = new OpenClDevice(session, new DiskCache(null), new BufferPool(session),
                        work.traits(facts), work.variant(), Tuning.NONE)) {
                    new Run(bare, device, work).run();
                }
            }
        }
        assertEquals(0, ledger.live(), ledger.toString());
        System.out.println("canaries, works: passes by variant " + passes + ", " + reached.size() + " kernels");
        assertTrue(passes.keySet().containsAll(SELDOM), passes::toString);
        if (LONG) {
            Set<String> forgotten = Kernels.all();
            forgotten.removeAll(reached);
            assertEquals(ELSEWHERE, forgotten);
        }
    }

    private static List<SmallWork> works() {
        Set<String> seldom = new TreeSet<>(SELDOM);
        return SmallWork.all().stream().filter(work -> LONG || seldom.remove(work.variant())).toList();
    }

    @Test
    void anElementTooManyIsNoticed() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(new Ledger(), "auto");
                Fenced fenced = new Fenced(bare)) {
            Region y = fenced.empty("y", DataType.F16, 3);
            fenced.build();
            fenced.on(device, y).fill(1);
            fenced.check("three", y);
            fenced.on(device, new Region("y", DataType.F16, 4, y.at())).fill(1);
            assertThrows(AssertionError.class, () -> fenced.check("four", y));
        }
    }

    /** One workload: its passes with and without statistics of their own, in all places. */
    private final class Run {
        private final Bare bare;
        private final OpenClDevice device;
        private final String variant;
        private final NormEngine engine;
        private final String what;
        private final Random random;
        private final DataType type;
        private final DataType parameterType;
        private final NormView view;
        private final int elements;
        private final int groups;
        private final int parameters;
        private final boolean affine;
        private final boolean biased;
        private final int channels;

        Run(Bare bare, OpenClDevice device, String variant, Workload workload) {
            this.bare = bare;
            this.device = device;
            this.variant = variant;
            this.engine = NormEngine.of(device);
            this.what = workload.toString();
            this.random = new Random(what.hashCode());
            this.type = workload.dataType();
            try (Device cpu = Device.cpu(); NormLayer layer = workload.layer().on(cpu); Scope scope = cpu.scope()) {
                Task task = layer.explain(cpu.empty(type, workload.stored()), Pass.FORWARD).task();
                view = task.view();
                affine = task.weight();
                biased = task.bias();
                parameterType = task.parameterStorage();
                channels = layer instanceof TrackingLayer tracking && tracking.tracks()
                        ? (int) tracking.numFeatures() : 0;
            }
            elements = (int) view.elements();
            groups = (int) view.groups();
            parameters = (int) view.parameters();
        }

        /** A work of floats, with weight and bias, and with running statistics a pair a group. */
        Run(Bare bare, OpenClDevice device, SmallWork work) {
            this.bare = bare;
            this.device = device;
            this.variant = work.variant();
            this.engine = NormEngine.of(device);
            this.what = work.toString();
            this.random = new Random(what.hashCode());
            this.type = DataType.F32;
            view = work.view();
            affine = true;
            biased = true;
            parameterType = DataType.F32;
            elements = (int) view.elements();
            groups = (int) view.groups();
            parameters = (int) view.parameters();
            channels = groups;
        }

        void run() {
            for (Statistics statistics : List.of(Statistics.BATCH, Statistics.GIVEN)) {
                for (boolean inPlace : new boolean[] {false, true}) {
                    if (counted(Task.forward(view, statistics, affine, biased), inPlace)) {
                        forward(statistics, inPlace);
                    }
                }
                for (String place : new String[] {"dx", "dy", "x", ""}) {
                    Task task = Task.backward(view, statistics, affine, !place.isEmpty(), affine || biased);
                    boolean wanted = !place.isEmpty() || affine || biased;
                    if (wanted && counted(task, place.equals("dy") || place.equals("x"))) {
                        backward(statistics, place);
                    }
                }
            }
        }

        /** Whether the device's variant does a task. */
        private boolean counted(Task task, boolean inPlace) {
            try {
                String taken = engine.explain(task.in(type, parameterType).inPlace(inPlace)).variant();
                passes.merge(taken, 1, Integer::sum);
                return true;
            } catch (IllegalArgumentException declined) {
                return false;
            }
        }

        private void note(Task task) {
            reached.addAll(Kernels.of(task, device.service(Tunable.class).traits(), variant));
        }

        private void forward(Statistics statistics, boolean inPlace) {
            boolean given = statistics == Statistics.GIVEN;
            boolean moving = !given && channels > 0 && groups % channels == 0;
            int pairs = given ? groups : moving ? channels : 0;
            try (Scope scope = device.scope(); Fenced fenced = new Fenced(bare)) {
                Region x = fenced.with("x", type, normal(elements));
                Region y = inPlace ? x : fenced.empty("y", type, elements);
                Region weight = affine ? fenced.with("weight", parameterType, normal(parameters)) : null;
                Region bias = biased ? fenced.with("bias", parameterType, normal(parameters)) : null;
                Region mean = pairs == 0 ? null : fenced.with("mean", DataType.F32, normal(pairs));
                Region variance = pairs == 0 ? null : fenced.with("variance", DataType.F32, positive(pairs));
                fenced.build();
                Tensor input = fenced.on(device, x);
                RunningStatistics running = pairs == 0 ? null
                        : new RunningStatistics(fenced.on(device, mean), fenced.on(device, variance));
                ForwardCall call = new ForwardCall(view, input, inPlace ? input : fenced.on(device, y),
                        fenced.on(device, weight), fenced.on(device, bias), 1e-5, false, given ? running : null,
                        moving ? new RunningUpdate(running, 0.1, 1.5) : null);
                note(call.task());
                String where = "forward, " + statistics + (inPlace ? ", in place, " : ", ") + what;
                try (SavedStatistics saved = watched(call, where)) {
                    fenced.check(where, moving ? new Region[] {y, mean, variance} : new Region[] {y});
                }
            }
        }

        /** A forward pass with statistics in a block whose bytes are known; those beyond the statistics must stay. */
        private SavedStatistics watched(ForwardCall call, String where) {
            DeviceStatistics spent = (DeviceStatistics) plain(call.given());
            cl_mem block = spent.block().memory();
            byte[] guards = new byte[(int) Bare.number(block, CL.CL_MEM_SIZE)];
            for (int i = 0; i < guards.length; i++) {
                guards[i] = Fenced.guard(i);
            }
            Bare.ok(CL.clEnqueueWriteBuffer(bare.queue, block, true, 0, guards.length, Pointer.to(guards), 0, null,
                    null));
            // the block that came back last is the first to go
            spent.close();
            DeviceStatistics saved = (DeviceStatistics) engine.forward(call, spent);
            assertSame(block, saved.block().memory());
            byte[] after = bare.read(block);
            int own = STATISTICS_BYTES * groups;
            assertEquals(-1, Arrays.mismatch(guards, own, guards.length, after, own, after.length),
                    () -> "byte beyond the saved statistics, " + where);
            return saved;
        }

        /** The statistics of a forward pass of zeros, in the device's own memory. */
        private SavedStatistics plain(RunningStatistics given) {
            Tensor zeros = device.empty(type, Shape.of(elements)).fill(0);
            Tensor ones = affine || biased ? device.empty(parameterType, Shape.of(parameters)).fill(1) : null;
            return engine.forward(new ForwardCall(view, zeros, device.empty(type, Shape.of(elements)),
                    affine ? ones : null, biased ? ones : null, 1e-5, false, given, null));
        }

        private void backward(Statistics statistics, String place) {
            boolean given = statistics == Statistics.GIVEN;
            boolean accumulate = random.nextBoolean();
            try (Scope scope = device.scope(); Fenced fenced = new Fenced(bare)) {
                Region x = fenced.with("x", type, normal(elements));
                Region dy = fenced.with("dy", type, normal(elements));
                Region dx = place.equals("x") ? x : place.equals("dy") ? dy
                        : place.isEmpty() ? null : fenced.empty("dx", type, elements);
                Region weight = affine ? fenced.with("weight", parameterType, normal(parameters)) : null;
                Region dweight = affine ? gradient(fenced, "dweight", accumulate) : null;
                Region dbias = biased ? gradient(fenced, "dbias", accumulate) : null;
                fenced.build();
                Tensor input = fenced.on(device, x);
                Tensor gradient = fenced.on(device, dy);
                Tensor result = dx == x ? input : dx == dy ? gradient : fenced.on(device, dx);
                RunningStatistics running = given ? new RunningStatistics(device.tensor(normal(groups), groups),
                        device.tensor(positive(groups), groups)) : null;
                try (SavedStatistics saved = plain(running)) {
                    BackwardCall call = new BackwardCall(view, input, gradient, result, fenced.on(device, weight),
                            fenced.on(device, dweight), fenced.on(device, dbias), accumulate, given, saved);
                    note(call.task());
                    engine.backward(call);
                }
                fenced.check("backward, " + statistics + ", dx in " + place + (accumulate ? ", adding, " : ", ") + what,
                        dx, dweight, dbias);
            }
        }

        private Region gradient(Fenced fenced, String name, boolean accumulate) {
            return accumulate ? fenced.with(name, parameterType, normal(parameters))
                    : fenced.empty(name, parameterType, parameters);
        }

        private float[] normal(int count) {
            float[] values = new float[count];
            for (int i = 0; i < count; i++) {
                values[i] = (float) random.nextGaussian();
            }
            return values;
        }

        private float[] positive(int count) {
            float[] values = normal(count);
            for (int i = 0; i < count; i++) {
                values[i] = 0.5f + Math.abs(values[i]);
            }
            return values;
        }
    }
}
