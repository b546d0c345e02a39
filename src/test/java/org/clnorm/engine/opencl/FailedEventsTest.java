package org.clnorm.engine.opencl;

import static org.clnorm.engine.opencl.FaultyLayers.SHAPE;
import static org.clnorm.engine.opencl.FaultyLayers.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.List;
import java.util.Map;
import org.clnorm.BatchNorm2d;
import org.clnorm.InstanceNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.LayerTree;
import org.clnorm.NormLayer;
import org.clnorm.engine.KernelTimer;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.cl_event;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Commands that fail after they were enqueued. An event of the caller's that ends with an error makes the driver fail
 * what waits for it; some drivers tell by the events of these commands alone, and go on behind them.
 */
class FailedEventsTest {
    private static final int FAILED = CL.CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST;

    private final OneFault faults = new OneFault();
    private final Ledger ledger = new Ledger();
    private final Setup setup = new Setup(faults, ledger,
            Map.of("POCL_SIGFPE_HANDLER", "0", "CLNORM_CACHE_DIR", ""));
    private Bare bare;

    @BeforeEach
    void makeBare() {
        bare = new Bare(true);
    }

    @AfterEach
    void closeBare() {
        bare.close();
        assertEquals(0, ledger.live(), ledger.toString());
    }

    private OpenClDevice device(String queue) {
        return new OpenClProvider(setup).wrap(bare.context, bare.device,
                queue.equals("ordered") ? bare.queue(false) : bare.queue, DeviceRequest.of("opencl"));
    }

    private static DeviceException refused(DeviceException first, Executable... calls) {
        DeviceException thrown = first;
        for (int i = 0; i < calls.length; i++) {
            thrown = assertThrows(DeviceException.class, calls[i], "call " + i);
            assertSame(first, thrown.getCause(), "call " + i);
            assertTrue(thrown.getMessage().contains(first.getMessage()), thrown.getMessage());
        }
        return thrown;
    }

    /** Whatever came after: the failure is thrown by the first that waits. */
    @ParameterizedTest
    @CsvSource({"ordered, before", "ordered, after", "unordered, before", "unordered, after"})
    void nothingIsHandedOutUntilStateIsLoaded(String queue, String when) {
        assumeFalse((queue + when).equals("unorderedafter") && PoclGuard.isPocl(TestDevices.facts().platformName()),
                "PoCL 3.1 ends the process where an event fails that a barrier of an unordered queue waits for");
        try (OpenClDevice device = device(queue); Scope scope = device.scope();
                BatchNorm2d norm = new BatchNorm2d(4).on(device); LayerNorm other = new LayerNorm(3, 5).on(device)) {
            norm.accumulateGradients(true);
            StateDict saved = norm.stateDict();
            StateDict savedOther = other.stateDict();
            Tensor x = device.tensor(values(1), SHAPE);
            Tensor dy = device.tensor(values(2), SHAPE);
            Tensor early = norm.forward(x);
            float[] y = early.read();
            float[] dx = norm.backward(dy).read();
            float[] dweight = norm.weight().grad().read();
            norm.loadStateDict(saved);

            cl_event event = bare.userEvent();
            device.waitFor(event);
            if (when.equals("before")) {
                Bare.ok(CL.clSetUserEventStatus(event, -5));
            }
            norm.forward(x);
            Tensor late = norm.forward(x);
            Tensor lateDx = norm.backward(dy);
            if (when.equals("after")) {
                Bare.ok(CL.clSetUserEventStatus(event, -5));
            }

            DeviceException first = assertThrows(DeviceException.class, late::read);
            assertEquals(List.of("clWaitForEvents", FAILED, device.name()),
                    List.of(first.call(), first.status(), first.device()));
            assertTrue(first.getMessage().contains("waiting for an event of the caller's ended with -"),
                    first.getMessage());
            LayerTree tree = new LayerTree().put("a", norm).put("b", other);
            refused(first, late::read, lateDx::read, early::read, x::read, () -> norm.forward(x),
                    () -> norm.forward(x, late), () -> norm.forwardNoGrad(x, x), () -> norm.backward(dy),
                    () -> norm.backwardFrom(x, dy), () -> norm.warmUp(Shape.of(SHAPE)), norm::stateDict,
                    tree::stateDict, () -> norm.weight().read(), norm.weight()::zeroGrad, norm::toAffine,
                    () -> other.forward(x), other::stateDict, () -> device.zeros(1), () -> x.fill(1), device::finish,
                    device::mark);
            assertThrows(IllegalArgumentException.class, () -> norm.loadStateDict(savedOther));
            refused(first, norm::stateDict);

            norm.loadStateDict(saved);
            assertEquals(saved, norm.stateDict());
            // what is not loaded or written anew stays refused, by itself and as an input
            refused(first, late::read, lateDx::read, early::read, x::read, () -> norm.forward(x), other::stateDict,
                    () -> norm.weight().grad().read(), () -> other.forward(device.tensor(values(1), SHAPE)),
                    tree::stateDict);
            x.write(values(1));
            assertArrayEquals(y, norm.forward(x, late).read());
            refused(first, () -> norm.backward(dy), () -> norm.backward(x));
            dy.write(values(2));
            norm.zeroGrad();
            assertArrayEquals(dx, norm.backward(dy).read());
            assertArrayEquals(dweight, norm.weight().grad().read());
            other.loadStateDict(savedOther);
            other.forward(x);
            assertEquals(savedOther, other.stateDict());
            assertEquals(2 + 1, tree.stateDict().tensors().keySet().stream().filter(key -> key.endsWith("t")
                    || key.endsWith("num_batches_tracked")).count());
        }
    }

    /** PoCL takes it for one that is done. */
    @Test
    void anEventThatHasFailedIsRefused() {
        try (OpenClDevice device = device("ordered"); LayerNorm norm = new LayerNorm(3, 5).on(device)) {
            StateDict saved = norm.stateDict();
            cl_event event = bare.userEvent();
            Bare.ok(CL.clSetUserEventStatus(event, -5));
            DeviceException refused = assertThrows(DeviceException.class, () -> device.waitFor(event));
            assertEquals(List.of("clEnqueueBarrierWithWaitList", FAILED), List.of(refused.call(), refused.status()));
            assertTrue(refused.getMessage().contains("ended with -"), refused.getMessage());
            assertEquals(saved, norm.stateDict());
        }
    }

    /** The statistics of a pass from before are as lost as its input, which is written anew in the same place. */
    @Test
    void aPassFromBeforeIsLost() {
        try (OpenClDevice device = device("ordered"); Scope scope = device.scope();
                InstanceNorm2d norm = new InstanceNorm2d(4).on(device)) {
            Tensor x = device.tensor(values(1), SHAPE);
            Tensor dy = device.tensor(values(2), SHAPE);
            Tensor y = norm.forward(x);
            DeviceException first = failing(device);
            device.recover();
            dy.write(values(2));
            refused(first, () -> norm.backward(dy));
            x.write(values(1));
            assertThrows(IllegalStateException.class, () -> norm.backward(dy));
            norm.forward(x, y); // there is no state that could be lost
            norm.backward(dy).read();
        }
    }

    private DeviceException failing(OpenClDevice device) {
        cl_event event = bare.userEvent();
        device.waitFor(event);
        Bare.ok(CL.clSetUserEventStatus(event, -1));
        return assertThrows(DeviceException.class, device::finish);
    }

    /** A loop that never waits is told too. */
    @Test
    void passesThatNeverWaitNoticeIt() {
        try (OpenClDevice device = device("ordered"); Scope scope = device.scope();
                BatchNorm2d norm = new BatchNorm2d(4).on(device)) {
            Tensor x = device.tensor(values(1), SHAPE);
            Tensor y = norm.forward(x);
            device.finish();
            cl_event event = bare.userEvent();
            device.waitFor(event);
            Bare.ok(CL.clSetUserEventStatus(event, -1));
            DeviceException first = null;
            for (int pass = 0; first == null; pass++) {
                assertTrue(pass < 100_000, "nobody noticed");
                try {
                    norm.forward(x, y);
                } catch (DeviceException noticed) {
                    first = noticed;
                }
            }
            assertEquals(FAILED, first.status());
            refused(first, y::read, () -> norm.forward(x, y), norm::stateDict);
        }
    }

    @Test
    void resettingIsLoading() {
        try (OpenClDevice device = device("ordered"); Scope scope = device.scope();
                BatchNorm2d norm = new BatchNorm2d(4).on(device)) {
            StateDict initial = norm.stateDict();
            norm.forward(device.tensor(values(1), SHAPE));
            DeviceException first = failing(device);
            refused(first, norm::stateDict);
            norm.resetRunningStats();
            refused(first, norm::stateDict, () -> norm.weight().read(),
                    () -> norm.forward(device.tensor(values(1), SHAPE)));
            assertArrayEquals(new float[4], norm.runningMean().read());
            norm.resetParameters();
            assertEquals(initial, norm.stateDict());
        }
    }

    /** A device that does not come back says so again, and comes back later. */
    @Test
    void recoveringMayFail() {
        try (OpenClDevice device = device("ordered"); Scope scope = device.scope();
                BatchNorm2d norm = new BatchNorm2d(4).on(device)) {
            StateDict saved = norm.stateDict();
            DeviceException first = failing(device);
            for (String call = "some";; ) {
                int tried = first.getSuppressed().length;
                faults.arm(tried, -36, true);
                call = "";
                try {
                    device.recover();
                } catch (DeviceException again) {
                    call = faults.hit();
                    assertSame(first, again.getCause(), call);
                }
                faults.disarm();
                if (call.isEmpty()) {
                    assertTrue(tried > 5, "tried " + tried);
                    break;
                }
                assertEquals(tried + 1, first.getSuppressed().length, call);
                refused(first, norm::stateDict, device::finish);
            }
            norm.loadStateDict(saved);
            assertEquals(saved, norm.stateDict());
        }
    }

    /** What was lost before a load that fails is lost after it, in all layers. */
    @Test
    void aLoadThatFailsLeavesLayersLost() {
        try (OpenClDevice device = device("ordered");
                LayerTree tree = new LayerTree().put("a", new LayerNorm(3)).put("b", new BatchNorm2d(4)).on(device)) {
            StateDict saved = tree.stateDict();
            DeviceException first = failing(device);
            device.recover();
            int k = 0;
            for (boolean failed = true; failed; k++) {
                faults.arm(k, -5, false);
                try {
                    tree.loadStateDict(saved);
                    failed = false;
                } catch (DeviceException passing) {
                    failed = !faults.hit().isEmpty();
                }
                faults.disarm();
                if (failed) {
                    device.recover();
                    for (NormLayer layer : tree.layers().values()) {
                        assertThrows(DeviceException.class, layer::stateDict, faults.hit());
                        assertThrows(DeviceException.class, () -> layer.parameters().get("weight").read());
                    }
                }
            }
            assertTrue(k > 12, "tried " + k);
            assertEquals(saved, tree.stateDict());
        }
    }

    /** A launch that is being timed has an event of its own. */
    @Test
    void whileKernelsAreTimed() {
        try (OpenClDevice device = device("ordered"); Scope scope = device.scope();
                LayerNorm norm = new LayerNorm(3, 5).on(device)) {
            Tensor x = device.tensor(values(1), SHAPE);
            KernelTimer timer = device.service(KernelTimer.class);
            timer.start();
            norm.forward(x);
            faults.arm(1, FAILED, false);
            DeviceException first = assertThrows(DeviceException.class, timer::stop);
            assertEquals(List.of("clWaitForEvents", "clWaitForEvents"), List.of(first.call(), faults.hit()));
            faults.disarm();
            refused(first, norm::stateDict, () -> timer.start());
            norm.resetParameters();
            x.write(values(1));
            timer.start();
            norm.forward(x);
            assertTrue(timer.stop().size() > 0);
        }
    }
}
