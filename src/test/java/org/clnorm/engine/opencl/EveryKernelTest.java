package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.clnorm.engine.HostProbe;
import org.clnorm.engine.MemoryProbe;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;
import org.clnorm.plan.Traits;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kernel of both sets on some hundred to some thousand elements, in buffers without slack that are full of NaN:
 * what is read before it is written shows in the results, and what lies outside is found by a checker of kernels.
 * {@code scripts/check-kernels} runs this under Oclgrind; {@code -Dclnorm.kernels} says whether each work runs in
 * {@code some} mode, in {@code all} or in those {@code in-place}; and {@code in-turn} or {@code in-turn-in-place} the
 * kernels that wait for one another, and {@code signs} those that share words of bits, which are no part of the others.
 * Where Oclgrind looks for what was never written, nothing is, NaN neither.
 */
@EnabledIfSystemProperty(named = "clnorm.kernels", matches = "some|all|in-place|in-turn|in-turn-in-place|signs")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EveryKernelTest {
    private static final String EXTENT = System.getProperty("clnorm.kernels", "");
    private static final boolean IN_PLACE = EXTENT.endsWith("in-place");
    private static final boolean IN_TURN = EXTENT.startsWith("in-turn");
    private static final boolean SIGNS = EXTENT.equals("signs");
    private static final boolean UNFILLED = System.getenv("OCLGRIND_UNINITIALIZED") != null;
    /**
     * Of the caller's tensors with gaps: {@link BorrowTest}; of words of bits; in place; in turn; or additions that the
     * families of small works have in their own kernels.
     */
    private static final Set<String> ELSEWHERE = Set.of("common/strided:gather", "common/strided:scatter",
            "cpu/residual:keep_signs", "cpu/residual:gate", "cpu/residual:add_after", "cpu/residual:add_gradient",
            "common/residual:add_after", "common/residual:add_gradient", "common/aside:y_home",
            "common/aside:dx_home", "gpu/planes_ticketed:clear_tickets",
            "gpu/planes_ticketed:forward", "gpu/planes_ticketed:backward");
    /** Of lengths, batch renormalization and several ranks, which no small work has. */
    private static final Set<String> PROGRAMS_NOT_RUN = Set.of("common/renorm", "common/sync", "cpu/padded",
            "cpu/padded_backward");
    private static final Set<String> REACHED = new TreeSet<>();

    static Stream<Arguments> works() {
        List<Arguments> chosen = new ArrayList<>();
        List<SmallWork> works = SmallWork.all();
        for (int i = 0; i < works.size(); i++) {
            SmallWork work = works.get(i);
            List<SmallWork.Mode> modes = List.copyOf(work.modes(IN_PLACE));
            for (int j = 0; j < modes.size(); j++) {
                boolean asked = work.isTicketed() == IN_TURN && work.sharesWords(modes.get(j)) == SIGNS;
                if (asked && (!EXTENT.equals("some") || j == i % modes.size())) {
                    chosen.add(Arguments.of(work, modes.get(j)));
                }
            }
        }
        return chosen.stream();
    }

    @ParameterizedTest
    @MethodSource("works")
    @Order(1)
    void agreesWithTheFormulas(SmallWork work, SmallWork.Mode mode) {
        // before what a checker has to say of it
        System.err.println(work + " " + mode);
        DeviceFacts facts = TestDevices.facts();
        Traits traits = work.traits(facts);
        try (OpenClDevice device = open(facts, traits, work.variant())) {
            PassCheck check = UNFILLED ? check(work, mode).unfilled() : check(work, mode);
            check.telling(task -> REACHED.addAll(Kernels.of(task, traits, work.variant()))).run(device);
        }
    }

    @Test
    @Order(2)
    void probes() {
        DeviceFacts facts = TestDevices.facts();
        try (OpenClDevice device = open(facts, facts.traits(facts.suitedKernels()), "");
                Scope scope = device.scope()) {
            Tensor from = device.tensor(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}, 17);
            MemoryProbe probe = device.service(MemoryProbe.class);
            for (String method : probe.methods()) {
                Tensor to = device.empty(DataType.F32, from.shape());
                probe.copy(from, to, method);
                assertArrayEquals(from.read(), to.read(), method);
            }
            device.service(HostProbe.class).emptyLaunchNanos();
            device.checkRounding();
            REACHED.addAll(List.of("common/copy:copy", "common/empty:empty", "common/rounding:rounding"));
        }
    }

    @Test
    @Order(3)
    void noneIsForgotten() throws IOException {
        TestDevices.facts();
        assumeTrue(EXTENT.equals("all"), "not all modes run");
        Set<String> forgotten = Kernels.all();
        forgotten.removeAll(REACHED);
        forgotten.removeIf(kernel -> PROGRAMS_NOT_RUN.contains(kernel.substring(0, kernel.indexOf(':'))));
        assertEquals(ELSEWHERE, forgotten);
    }

    private static OpenClDevice open(DeviceFacts facts, Traits traits, String variant) {
        ClSession session = ClSession.open(Setup.ofProcess().cl(), facts);
        BufferPool.Blocks blocks = UNFILLED ? BufferPool.Blocks.EXACT : BufferPool.Blocks.POISONED;
        return new OpenClDevice(session, new DiskCache(null), new BufferPool(session, blocks), traits, variant,
                Tuning.NONE);
    }

    private static PassCheck check(SmallWork work, SmallWork.Mode mode) {
        PassCheck check = new PassCheck(work.view());
        return switch (mode) {
            case TRAIN -> check;
            case TRACKING -> check.tracking();
            case GIVEN -> check.given();
            case IN_PLACE -> check.inPlace();
            case F16 -> check.in(DataType.F16, DataType.F32);
            case BF16 -> check.in(DataType.BF16, DataType.BF16);
            case PLAIN -> check.plain();
            case WITHOUT_DX -> check.withoutDx();
            case FROZEN -> check.frozen();
            case LARGE -> check.values(0, 1e19);
            case GIVEN_FROZEN -> check.given().frozen();
            case HALF_IN_PLACE -> check.in(DataType.BF16, DataType.F32).inPlace();
            case RMS -> check.as(new Form(false, true, Activation.NONE, Join.NONE));
            case ACTIVATED -> check.as(Form.PLAIN.activation(Activation.SILU));
            case ADD_BEFORE -> check.as(Form.PLAIN.join(Join.BEFORE));
            case ADD_AFTER -> check.as(Form.PLAIN.activation(Activation.RELU).join(Join.AFTER));
        };
    }
}
