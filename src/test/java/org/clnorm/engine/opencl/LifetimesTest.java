package org.clnorm.engine.opencl;

import static org.clnorm.engine.opencl.FaultyLayers.SHAPE;
import static org.clnorm.engine.opencl.FaultyLayers.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.clnorm.BatchNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.engine.KernelTimer;
import org.clnorm.plan.Task;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.cl_mem;
import org.junit.jupiter.api.Test;

/** What is used too late, twice or elsewhere is refused, and what it stood on is not touched. */
class LifetimesTest {
    private static void refused(List<Runnable> calls) {
        for (int i = 0; i < calls.size(); i++) {
            assertThrows(IllegalStateException.class, calls.get(i)::run, "call " + i);
        }
    }

    @Test
    void afterTheDeviceWasClosed() {
        OpenClDevice device = TestDevices.open("auto", "");
        BatchNorm2d norm = new BatchNorm2d(4).on(device);
        Tensor x = device.tensor(values(1), SHAPE);
        Tensor y = norm.forward(x);
        Scope scope = device.scope();
        device.close();
        device.close();
        refused(List.of(() -> device.zeros(1), device::scope, device::finish, device::queue, device::context,
                device::mark, () -> device.memory(x), () -> device.byteOffset(x), () -> device.wrote(x), x::read,
                x::readDoubles, () -> x.write(values(2)), () -> x.fill(1), x::hold, () -> norm.forward(x),
                () -> norm.forward(x, y), () -> norm.forwardNoGrad(x), () -> norm.backward(x),
                () -> norm.backwardFrom(x, y), () -> norm.warmUp(Shape.of(SHAPE)), norm::stateDict,
                norm::resetParameters, norm::toAffine, () -> norm.weight().read(), () -> norm.on(Device.cpu()),
                () -> norm.explain(x, Task.Pass.FORWARD), () -> device.service(KernelTimer.class).start(),
                () -> device.service(KernelTimer.class).stop()));
        scope.close();
        y.close();
        y.close();
        x.close();
        norm.close();
        norm.close();
    }

    @Test
    void afterALayerOrATensorWasClosed() {
        try (OpenClDevice device = TestDevices.open("auto", ""); Scope scope = device.scope()) {
            BatchNorm2d norm = new BatchNorm2d(4).on(device);
            Tensor x = device.tensor(values(1), SHAPE);
            Tensor closed = device.tensor(values(2), SHAPE);
            closed.close();
            closed.close();
            norm.forward(x);
            refused(List.of(closed::read, () -> closed.fill(0), () -> norm.forward(closed),
                    () -> norm.forward(x, closed), () -> norm.backward(closed), () -> norm.backward(x, closed),
                    () -> norm.backwardFrom(x, closed), () -> device.memory(closed)));
            norm.close();
            norm.close();
            refused(List.of(() -> norm.forward(x), () -> norm.backward(x), norm::stateDict, norm::resetParameters,
                    () -> norm.on(device), () -> norm.warmUp(x.shape()), () -> norm.weight().read()));
        }
    }

    /** Closing waits for what is queued; a layer and tensors that are closed in between keep their memory so long. */
    @Test
    void whileWorkIsQueued() {
        Ledger ledger = new Ledger();
        for (int i = 0; i < 20; i++) {
            OpenClDevice device = TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), "auto", "");
            LayerNorm norm = new LayerNorm(1000).on(device);
            Tensor x = device.zeros(1000, 1000);
            for (int pass = 0; pass < 10; pass++) {
                norm.forward(x);
            }
            norm.close();
            x.close();
            device.close();
            assertEquals(0, ledger.live(), ledger.toString());
        }
    }

    @Test
    void ofAnotherDeviceOrContext() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(new Ledger(), "auto");
                OpenClDevice other = TestDevices.open("auto", ""); Device cpu = Device.cpu();
                BatchNorm2d norm = new BatchNorm2d(4).on(device); Tensor x = device.tensor(values(1), SHAPE);
                Tensor strange = other.tensor(values(1), SHAPE); Tensor java = cpu.tensor(values(1), SHAPE);
                Tensor y = norm.forward(x)) {
            for (Tensor wrong : new Tensor[] {strange, java}) {
                for (Runnable call : List.<Runnable>of(() -> norm.forward(wrong), () -> norm.forward(x, wrong),
                        () -> norm.forwardNoGrad(wrong, wrong), () -> norm.backward(wrong),
                        () -> norm.backward(x, wrong), () -> norm.backwardFrom(x, wrong), () -> device.memory(wrong),
                        () -> device.wrote(wrong))) {
                    assertThrows(IllegalArgumentException.class, call::run);
                }
            }
            cl_mem foreign = other.memory(strange);
            assertThrows(IllegalArgumentException.class,
                    () -> device.borrow(foreign, 0, DataType.F32, Shape.of(SHAPE)));
            norm.backward(x).close();
        }
    }

    @Test
    void backwardOutOfOrder() {
        try (OpenClDevice device = TestDevices.open("auto", ""); BatchNorm2d norm = new BatchNorm2d(4).on(device);
                Scope scope = device.scope()) {
            Tensor x = device.tensor(values(1), SHAPE);
            refused(List.of(() -> norm.backward(x)));
            Tensor first = norm.forward(x);
            Tensor second = norm.forward(first);
            second.close();
            float[] dx = norm.backward(x).read();
            refused(List.of(() -> norm.backward(x)));
            norm.resetParameters();
            norm.forward(x);
            assertArrayEquals(dx, norm.backward(x).read());
            norm.forward(x);
            x.write(values(2));
            refused(List.of(() -> norm.backward(first)));
        }
    }

    @Test
    void aScopeOfAnotherThread() throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try (OpenClDevice device = TestDevices.open("auto", ""); Scope scope = device.scope()) {
            Tensor x = device.zeros(3);
            Throwable refused = assertThrows(ExecutionException.class, () -> thread.submit(scope::close).get())
                    .getCause();
            assertEquals(IllegalStateException.class, refused.getClass());
            assertArrayEquals(new float[3], x.read());
        } finally {
            thread.shutdown();
        }
    }

    /** A device that has failed stays so; its layers go with it, and what was saved goes on on another. */
    @Test
    void afterWorkHasFailed() {
        OneFault faults = new OneFault();
        Ledger ledger = new Ledger();
        Setup setup = new Setup(faults, ledger, Map.of("POCL_SIGFPE_HANDLER", "0", "CLNORM_CACHE_DIR", ""));
        OpenClDevice device = TestDevices.open(setup, "auto", "");
        BatchNorm2d norm = new BatchNorm2d(4).on(device);
        Tensor x = device.tensor(values(1), SHAPE);
        norm.forward(x);
        StateDict saved = norm.stateDict();
        faults.arm(0, CL.CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, false);
        DeviceException first = assertThrows(DeviceException.class, device::finish);
        assertEquals(CL.CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, first.status());
        faults.disarm();
        for (Runnable call : List.<Runnable>of(() -> norm.forward(x), () -> norm.backward(x), norm::stateDict,
                () -> norm.loadStateDict(saved), x::read, device::finish)) {
            DeviceException later = assertThrows(DeviceException.class, call::run);
            assertTrue(later.getMessage().contains("failed before"), later.getMessage());
            assertEquals(first, later.getCause());
        }
        norm.close();
        device.close();
        assertEquals(0, ledger.live(), ledger.toString());
        try (OpenClDevice anew = TestDevices.open(setup, "auto", ""); BatchNorm2d next = new BatchNorm2d(4).on(anew)) {
            next.loadStateDict(saved);
            assertEquals(saved, next.stateDict());
        }
    }
}
