package org.clnorm.engine.opencl;

import static org.clnorm.engine.opencl.FaultyLayers.SHAPE;
import static org.clnorm.engine.opencl.FaultyLayers.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.clnorm.BatchNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.engine.KernelTimer;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.cl_mem;
import org.junit.jupiter.api.Test;

/** What is used too late, twice or elsewhere is refused, and what it stood on is not touched. */
class LifetimesTest {
    private static final int ROUNDS = Integer.getInteger("clnorm.rounds", 5);

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

    /** What the owner closes between the passes is kept for the second; what is his own matter is refused. */
    @Test
    void closedBetweenForwardAndBackward() {
        try (OpenClDevice device = TestDevices.open("auto", ""); BatchNorm2d norm = new BatchNorm2d(4).on(device);
                Scope scope = device.scope()) {
            Tensor dy = device.tensor(values(2), SHAPE);
            norm.forward(device.tensor(values(1), SHAPE));
            float[] dx = norm.backward(dy).read();
            norm.resetParameters();
            Tensor x = device.tensor(values(1), SHAPE);
            Tensor y = norm.forward(x);
            x.close();
            device.tensor(values(3), SHAPE); // would take the memory, were it free
            assertArrayEquals(dx, norm.backward(dy).read());
            refused(List.of(() -> norm.backwardFrom(x, dy)));
            norm.forward(y).close();
            Tensor closed = device.zeros(SHAPE);
            closed.close();
            refused(List.of(() -> norm.backward(dy), () -> norm.backward(closed)));
        }
    }

    @Test
    void aBufferOfAnotherContextOrThatIsNone() {
        try (Bare bare = new Bare(false); Bare elsewhere = new Bare(false);
                OpenClDevice device = bare.wrap(new Ledger(), "auto")) {
            cl_mem foreign = elsewhere.buffer(new byte[720], CL.CL_MEM_READ_WRITE);
            long held = Bare.number(foreign, CL.CL_MEM_REFERENCE_COUNT);
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class,
                    () -> device.borrow(foreign, 0, DataType.F32, Shape.of(SHAPE)));
            assertTrue(refused.getMessage().contains("context"), refused.getMessage());
            assertEquals(held, Bare.number(foreign, CL.CL_MEM_REFERENCE_COUNT));
        }
    }

    /** Each pass is done or refused; the device closes when the one under way is done. */
    @Test
    void closedWhileOthersEnqueue() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        Ledger ledger = new Ledger();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                OpenClDevice device = TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), "auto", "");
                CountDownLatch under = new CountDownLatch(3);
                List<Future<Integer>> passes = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    passes.add(threads.submit(() -> passesUntilRefused(device, under)));
                }
                assertTrue(under.await(30, TimeUnit.SECONDS));
                device.close();
                for (Future<Integer> done : passes) {
                    assertTrue(done.get(30, TimeUnit.SECONDS) > 0);
                }
                assertEquals(0, ledger.live(), ledger.toString());
            }
        } finally {
            threads.shutdown();
        }
    }

    private static int passesUntilRefused(OpenClDevice device, CountDownLatch under) {
        int passes = 0;
        BatchNorm2d norm = new BatchNorm2d(4).on(device);
        try (Tensor x = device.tensor(values(1), SHAPE)) {
            while (true) {
                try (Tensor y = norm.forward(x); Tensor dx = norm.backward(y)) {
                    if (passes % 8 == 0) {
                        dx.read();
                    }
                    if (passes++ == 0) {
                        under.countDown();
                    }
                }
            }
        } catch (IllegalStateException closed) {
            assertTrue(closed.getMessage().contains("closed"), closed.getMessage());
            return passes;
        } finally {
            norm.close();
        }
    }

    /** Twice at the same time is once. */
    @Test
    void closedByTwoThreadsAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        Ledger ledger = new Ledger();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                OpenClDevice device = TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), "auto", "");
                LayerNorm norm = new LayerNorm(3, 5).on(device);
                Tensor x = device.tensor(values(1), SHAPE);
                Tensor y = norm.forward(x);
                both(threads, y::close);
                both(threads, x::close);
                assertEquals(2, device.liveTensors());
                Tensor one = device.zeros(SHAPE);
                Tensor two = device.zeros(SHAPE);
                assertTrue(device.memory(one).getNativePointer() != device.memory(two).getNativePointer());
                both(threads, device::close);
                both(threads, one::close);
                norm.close();
                assertEquals(0, ledger.live(), ledger.toString());
            }
        } finally {
            threads.shutdown();
        }
    }

    private static void both(ExecutorService threads, Runnable close) throws Exception {
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<Void> work = () -> {
            start.await();
            close.run();
            return null;
        };
        for (Future<Void> done : threads.invokeAll(List.of(work, work))) {
            done.get();
        }
    }
}
