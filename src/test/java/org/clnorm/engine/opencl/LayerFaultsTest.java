package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.clnorm.NormLayer;
import org.clnorm.TrackingLayer;
import org.clnorm.engine.opencl.FaultyLayers.Operation;
import org.clnorm.engine.opencl.FaultyLayers.Place;
import org.clnorm.engine.opencl.FaultyLayers.Site;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every OpenCL call of everything that a layer does on a warm device is made to fail, once and from then on: the
 * failure is reported by name, nothing has changed, nothing stays held, and a second try gives what the first would
 * have given. Where the device counts as failed, it and the layer say so until the device is made usable again and
 * state is loaded; then the second try gives the same.
 * One layer on some devices, and the codes take turns; {@code -Dclnorm.faults=layers} takes all layers,
 * {@code -Dclnorm.faults=codes} all layers and each code at each call.
 */
class LayerFaultsTest {
    private static final String SIZE = System.getProperty("clnorm.faults", "");
    private static final boolean ALL_CODES = SIZE.equals("codes");
    /** Where a second try may follow by itself: for memory, and in the middle of a pass. */
    private static final Set<String> SURVIVED = Set.of("clCreateBuffer", "clEnqueueNDRangeKernel",
            "clEnqueueBarrierWithWaitList", "clSetKernelArg");

    /** What a failure must leave alone, and a second try must bring about. */
    private record Seen(StateDict state, Map<String, List<Double>> gradients) {
        static Seen of(NormLayer layer) {
            Map<String, List<Double>> gradients = new TreeMap<>();
            layer.parameters().forEach((name, parameter) -> {
                if (parameter.hasGrad()) {
                    gradients.put(name, Arrays.stream(parameter.grad().readDoubles()).boxed().toList());
                }
            });
            return new Seen(layer.stateDict(), gradients);
        }
    }

    /** What an operation does when nothing fails. */
    private record Done(float[] result, Seen after) {
    }

    private int points;
    private int codes;
    private Site site;
    private String kind;

    private static Stream<Arguments> kinds() {
        Stream<Arguments> few = Stream.of(Arguments.of("cpu", "batch"), Arguments.of("gpu", "instance"),
                Arguments.of("gpu lent", "layer"));
        return SIZE.isEmpty() ? few
                : Stream.concat(few, Stream.of(Arguments.of("plain", ""), Arguments.of("cpu lent", "")));
    }

    private static Stream<Arguments> residualKinds() {
        Stream<Arguments> few = Stream.of(Arguments.of("cpu", FaultyLayers.RECTIFIED),
                Arguments.of("gpu lent", "layer"));
        return SIZE.isEmpty() ? few : Stream.concat(few, Stream.of(Arguments.of("plain", "")));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void everyCallMayFail(String kindOfDevice, String one) {
        everyCallMayFail(kindOfDevice, one, name -> FaultyLayers.operations());
    }

    @ParameterizedTest
    @MethodSource("residualKinds")
    void everyCallWithAResidualMayFail(String kindOfDevice, String one) {
        everyCallMayFail(kindOfDevice, one, name -> name.equals(FaultyLayers.RECTIFIED)
                ? Stream.concat(FaultyLayers.withResidual().stream(), FaultyLayers.throughSum().stream()).toList()
                : FaultyLayers.withResidual());
    }

    private void everyCallMayFail(String kindOfDevice, String one, Function<String, List<Operation>> operations) {
        kind = kindOfDevice;
        site = new Site(kind);
        try {
            FaultyLayers.layers().forEach((name, maker) -> {
                if (!SIZE.isEmpty() || name.equals(one)) {
                    operations.apply(name)
                            .forEach(operation -> everyCall(name + ", " + operation.name(), maker, operation));
                }
            });
        } finally {
            site.faults.disarm();
            site.close();
        }
        assertEquals(0, site.ledger.live(), site.ledger.toString());
        System.out.println("LayerFaultsTest " + kind + ": " + points + " points");
        assertTrue(points > 100, "tried " + points);
    }

    /** Tensors, a layer with a pass that waits, and their device: all is let go of, and closing again does nothing. */
    @Test
    void closingMayFail() {
        FaultyLayers.layers().forEach((name, maker) -> {
            if (!SIZE.isEmpty() || name.equals("batch")) {
                for (boolean forGood : SIZE.isEmpty() ? new boolean[1] : new boolean[] {false, true}) {
                    int k = 0;
                    while (closingFails(name + ", call " + k, maker, k, forGood)) {
                        k++;
                    }
                    assertTrue(k > 20, "tried " + k);
                    points += k;
                }
            }
        });
        System.out.println("LayerFaultsTest, closing: " + points + " points");
    }

    private boolean closingFails(String what, Supplier<NormLayer> maker, int k, boolean forGood) {
        Site closing = new Site("cpu lent");
        int code = OneFault.CODES[k % OneFault.CODES.length];
        try {
            Scope scope = closing.device.scope();
            Place place = closing.place(maker);
            NormLayer layer = place.layer();
            layer.forward(place.x());
            place.x().close(); // the layer holds it alone
            closing.faults.arm(k, code, forGood);
            List<DeviceException> failures = new ArrayList<>();
            for (AutoCloseable each : List.of(layer, scope, closing.device, layer, scope, closing.device)) {
                try {
                    each.close();
                } catch (DeviceException failed) {
                    failures.add(failed);
                } catch (Exception other) {
                    throw new AssertionError(what, other);
                }
            }
            String hit = closing.faults.hit();
            assertEquals(hit.isEmpty(), failures.isEmpty(), what);
            assertTrue(forGood || failures.size() <= 1, what);
            assertEquals(0, closing.ledger.live(), () -> what + ", " + hit + ": " + closing.ledger);
            assertEquals(0, closing.device.liveTensors(), what);
            if (!hit.isEmpty()) {
                assertEquals(List.of(hit, code), List.of(failures.get(0).call(), failures.get(0).status()), what);
            }
            return !hit.isEmpty();
        } finally {
            closing.faults.disarm();
            closing.close();
        }
    }

    private void everyCall(String what, Supplier<NormLayer> maker, Operation operation) {
        Done right = undisturbed(maker, operation);
        for (boolean forGood : new boolean[] {false, true}) {
            int most = 0;
            for (int code : ALL_CODES ? OneFault.CODES : new int[] {0}) {
                int k = 0;
                while (fails(what + (forGood ? ", all from " : ", call ") + k, maker, operation, right, k,
                        code == 0 ? OneFault.CODES[codes++ % OneFault.CODES.length] : code, forGood)) {
                    k++;
                }
                most = Math.max(most, k);
            }
            points += most * (ALL_CODES ? OneFault.CODES.length : 1);
        }
    }

    private Done undisturbed(Supplier<NormLayer> maker, Operation operation) {
        try (Scope scope = site.device.scope()) {
            Place place = site.place(maker);
            try (NormLayer layer = place.layer()) {
                place.reset();
                operation.before().to(place);
                return done(place, operation);
            }
        }
    }

    private static Done done(Place place, Operation operation) {
        return seen(operation.call().in(place), place.layer());
    }

    private static Done seen(Tensor made, NormLayer layer) {
        return new Done(made == null ? null : made.read(), Seen.of(layer));
    }

    /** Whether there is a k-th call; it was made to fail then. */
    private boolean fails(String what, Supplier<NormLayer> maker, Operation operation, Done right, int k, int code,
            boolean forGood) {
        long live = site.device.liveTensors();
        try (Scope scope = site.device.scope()) {
            Place place = site.place(maker);
            try (NormLayer layer = place.layer()) {
                place.reset();
                StateDict placed = layer.stateDict();
                operation.before().to(place);
                Seen before = Seen.of(layer);
                long open = site.device.liveTensors();
                Tensor[] made = new Tensor[1];
                DeviceException failure = attempt(place, operation, made, k, code, forGood);
                String hit = site.faults.hit();
                if (hit.isEmpty()) {
                    assertEquals(null, failure, what);
                    return false;
                }
                if (failure == null) {
                    assertTrue(!forGood && SURVIVED.contains(hit), what + ", " + hit + ", failed and nobody noticed");
                    compare(what + ", " + hit + " was survived", right, seen(made[0], layer));
                    return true;
                }
                assertEquals(List.of(hit, code, site.device.name()),
                        List.of(failure.call(), failure.status(), failure.device()), what);
                assertEquals(open, site.device.liveTensors(), "open tensors, " + what + ", " + hit);
                if (isSound()) {
                    assertEquals(before.state(), layer.stateDict(), () -> what + ", " + hit);
                    if (!operation.name().equals("zeroGrad")) { // which says that it may have come half way
                        assertEquals(before, Seen.of(layer), () -> what + ", " + hit);
                    }
                    compare("second try, " + what + ", " + hit, right, done(place, operation));
                } else {
                    // nobody knows what was done of the work that was waited for, or how far a pass came
                    assertTrue(hit.equals("clFinish") || hit.equals("clWaitForEvents") || forGood, what + ", " + hit);
                    refusedUntilLoaded(what + ", " + hit, place, placed);
                    place.reset();
                    layer.zeroGrad();
                    operation.before().to(place);
                    Done late = done(place, operation);
                    assertArrayEquals(right.result(), late.result(), () -> "after loading, " + what + ", " + hit);
                    assertEquals(right.after().state(), late.after().state(), () -> "after loading, " + what);
                }
            }
        }
        assertEquals(live, site.device.liveTensors(), "tensors left open, " + what);
        return true;
    }

    private void refusedUntilLoaded(String what, Place place, StateDict state) {
        NormLayer layer = place.layer();
        refused(what, place);
        if (codes % 2 == 0) { // otherwise loading does it
            site.device.recover();
            refused(what, place);
        } else if (state.tensors().isEmpty()) {
            site.device.recover();
        }
        layer.loadStateDict(state);
        assertEquals(state, layer.stateDict(), what);
    }

    /** Forward, backward and save throw, and say what was the matter first. */
    private static void refused(String what, Place place) {
        NormLayer layer = place.layer();
        List<Executable> calls = new ArrayList<>(List.of(() -> layer.forward(place.x()),
                () -> layer.backwardFrom(place.x(), place.dy())));
        if (!layer.parameters().isEmpty() || layer instanceof TrackingLayer tracking && tracking.tracks()) {
            calls.add(layer::stateDict);
        }
        for (Executable call : calls) {
            DeviceException thrown = assertThrows(DeviceException.class, call, what);
            assertTrue(thrown.getMessage().contains("the failure was: "), thrown.getMessage());
            assertNotNull(thrown.getCause(), what);
        }
    }

    private DeviceException attempt(Place place, Operation operation, Tensor[] made, int k, int code,
            boolean forGood) {
        site.faults.arm(k, code, forGood);
        try {
            made[0] = operation.call().in(place);
            return null;
        } catch (DeviceException expected) {
            return expected;
        } finally {
            site.faults.disarm();
        }
    }

    private boolean isSound() {
        try {
            site.device.finish();
            return true;
        } catch (DeviceException failed) {
            assertTrue(failed.getMessage().contains("failed before"), failed.getMessage());
            return false;
        }
    }

    private static void compare(String what, Done right, Done done) {
        assertArrayEquals(right.result(), done.result(), what);
        assertEquals(right.after(), done.after(), what);
    }
}
