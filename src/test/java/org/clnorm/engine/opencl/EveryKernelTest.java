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
 * {@code all} modes, in {@code some} one each, or in those that are {@code unordered} to a detector of races.
 */
@EnabledIfSystemProperty(named = "clnorm.kernels", matches = "some|all|unordered")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class EveryKernelTest {
    private static final boolean ALL = !System.getProperty("clnorm.kernels", "").equals("some");
    private static final boolean ORDERED = !System.getProperty("clnorm.kernels", "").equals("unordered");
    /** Of the caller's tensors with gaps: {@link BorrowTest}; or unordered. */
    private static final Set<String> ELSEWHERE = Set.of("common/strided:gather", "common/strided:scatter",
            "common/aside:y_home", "common/aside:dx_home", "gpu/planes_ticketed:clear_tickets",
            "gpu/planes_ticketed:forward", "gpu/planes_ticketed:backward");
    private static final Set<String> REACHED = new TreeSet<>();

    static Stream<Arguments> works() {
        List<Arguments> chosen = new ArrayList<>();
        List<SmallWork> works = SmallWork.all();
        for (int i = 0; i < works.size(); i++) {
            List<SmallWork.Mode> modes = List.copyOf(works.get(i).modes(ORDERED));
            for (int j = 0; j < modes.size(); j++) {
                if (ALL || j == i % modes.size()) {
                    chosen.add(Arguments.of(works.get(i), modes.get(j)));
                }
            }
        }
        return chosen.stream();
    }

    @ParameterizedTest
    @MethodSource("works")
    @Order(1)
    void agreesWithTheFormulas(SmallWork work, SmallWork.Mode mode) {
        DeviceFacts facts = TestDevices.facts();
        Traits traits = work.traits(facts);
        try (OpenClDevice device = open(facts, traits, work.variant())) {
            check(work, mode).telling(task -> REACHED.addAll(Kernels.of(task, traits, work.variant()))).run(device);
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
        assumeTrue(ALL && ORDERED, "not all modes run");
        Set<String> forgotten = Kernels.all();
        forgotten.removeAll(REACHED);
        assertEquals(ELSEWHERE, forgotten);
    }

    private static OpenClDevice open(DeviceFacts facts, Traits traits, String variant) {
        ClSession session = ClSession.open(Setup.ofProcess().cl(), facts);
        return new OpenClDevice(session, new DiskCache(null), new BufferPool(session, true), traits, variant,
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
        };
    }
}
