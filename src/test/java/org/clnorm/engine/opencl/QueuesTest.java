package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.clnorm.BatchNorm2d;
import org.clnorm.GroupNorm;
import org.clnorm.LayerNorm;
import org.clnorm.engine.HostProbe;
import org.clnorm.engine.opencl.Lent.Way;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The caller's queues: order, events, several of them, and a steady state on them. */
class QueuesTest {
    private static final long[] SHAPE = {3, 4, 3, 5};
    private static final int SIZE = 180;
    private static final int THREADS = 4;
    private static final ThreadMXBean HEAP = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Ledger ledger = new Ledger();

    private static float[] counting(int from) {
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = (float) Math.sin(from + i);
        }
        return values;
    }

    private static int state(cl_event event) {
        int[] state = new int[1];
        Bare.ok(CL.clGetEventInfo(event, CL.CL_EVENT_COMMAND_EXECUTION_STATUS, Sizeof.cl_int, Pointer.to(state),
                null));
        return state[0];
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nothingRunsBeforeItsEvents(boolean unordered) throws InterruptedException {
        try (Bare bare = new Bare(unordered); OpenClDevice device = bare.wrap(ledger, "auto");
                LayerNorm norm = new LayerNorm(5).on(device); Scope scope = device.scope()) {
            Lent x = new Lent(bare, Way.WHOLE, DataType.F32, counting(1), SHAPE);
            Lent y = new Lent(bare, Way.CROPPED, DataType.F32, new float[SIZE], SHAPE);
            float[] expected = norm.forward(x.on(device)).read();
            cl_command_queue another = bare.queue(false);
            cl_event first = bare.userEvent();
            cl_event second = bare.userEvent();
            device.waitFor();
            device.waitFor(first, second);
            norm.forward(x.on(device), y.on(device));
            cl_event done = device.mark();
            // commands of the caller's on another queue, after the pass
            float[] seen = new float[1];
            cl_event copied = new cl_event();
            Lent last = new Lent(bare, Way.WHOLE, DataType.F32, new float[SIZE], SHAPE);
            Bare.ok(CL.clEnqueueCopyBuffer(another, y.memory(), last.memory(), 4, 0, 4, 1, new cl_event[] {done},
                    copied));
            Bare.ok(CL.clFlush(another));
            Thread.sleep(50);
            assertTrue(state(done) > CL.CL_COMPLETE, "the mark came before the events");
            CL.clSetUserEventStatus(first, CL.CL_COMPLETE);
            Thread.sleep(50);
            assertTrue(state(done) > CL.CL_COMPLETE, "the mark came before the second event");
            CL.clSetUserEventStatus(second, CL.CL_COMPLETE);
            Bare.ok(CL.clWaitForEvents(1, new cl_event[] {copied}));
            assertEquals(CL.CL_COMPLETE, state(done));
            Bare.ok(CL.clEnqueueReadBuffer(another, last.memory(), true, 0, 4, Pointer.to(seen), 0, null, null));
            assertEquals(expected[0], seen[0]);
            assertArrayEquals(expected, y.values());
            Bare.ok(CL.clReleaseEvent(done));
            Bare.ok(CL.clReleaseEvent(copied));
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    /** Passes of several launches that share scratch memory, one after another without a wait. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void manyPassesInARow(boolean unordered) {
        try (Bare bare = new Bare(unordered); OpenClDevice device = bare.wrap(ledger, "gpu");
                BatchNorm2d batch = new BatchNorm2d(4).on(device); GroupNorm group = new GroupNorm(2, 4).on(device);
                OpenClDevice own = TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), "gpu", "");
                BatchNorm2d ownBatch = new BatchNorm2d(4).on(own); GroupNorm ownGroup = new GroupNorm(2, 4).on(own)) {
            Lent a = new Lent(bare, Way.BATCH_SLICE, DataType.F32, counting(1), SHAPE);
            Lent b = new Lent(bare, Way.CHANNEL_SLICE, DataType.F32, new float[SIZE], SHAPE);
            try (Scope scope = device.scope(); Scope ownScope = own.scope()) {
                Tensor x = a.on(device);
                Tensor y = b.on(device);
                Tensor dx = device.zeros(SHAPE);
                Tensor ownX = own.tensor(counting(1), SHAPE);
                Tensor ownY = own.zeros(SHAPE);
                Tensor ownDx = own.zeros(SHAPE);
                for (int i = 0; i < 50; i++) {
                    batch.forward(x, y);
                    batch.backward(y, dx);
                    group.forward(x, y);
                    group.backward(y, dx);
                    ownBatch.forward(ownX, ownY);
                    ownBatch.backward(ownY, ownDx);
                    ownGroup.forward(ownX, ownY);
                    ownGroup.backward(ownY, ownDx);
                    x.write(counting(i));
                    ownX.write(counting(i));
                }
                assertArrayEquals(ownY.read(), b.values());
                assertArrayEquals(ownDx.read(), dx.read());
                assertArrayEquals(ownBatch.runningMean().read(), batch.runningMean().read());
                assertArrayEquals(ownBatch.weight().grad().read(), batch.weight().grad().read());
            }
        }
    }

    @Test
    void aQueueAThread() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Bare bare = new Bare(false)) {
            Lent x = new Lent(bare, Way.UNALIGNED, DataType.F32, counting(0), SHAPE);
            List<Callable<float[]>> work = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                cl_command_queue queue = bare.queue(i % 2 == 0);
                work.add(() -> train(bare, queue, x));
            }
            List<Future<float[]>> results = threads.invokeAll(work);
            for (Future<float[]> result : results) {
                assertArrayEquals(results.get(0).get(), result.get());
            }
            assertArrayEquals(counting(0), x.values());
        } finally {
            threads.shutdown();
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    /** All threads read the same buffer. */
    private float[] train(Bare bare, cl_command_queue queue, Lent input) {
        try (OpenClDevice device = bare.wrap(ledger, queue, "cpu"); BatchNorm2d norm = new BatchNorm2d(4).on(device);
                Tensor x = input.on(device)) {
            float[] dx = null;
            for (int step = 0; step < 30; step++) {
                try (Scope scope = device.scope()) {
                    norm.forward(x);
                    dx = norm.backward(device.tensor(counting(step), SHAPE)).read();
                }
            }
            return dx;
        }
    }

    /** One makes what the other needs, with events between. */
    @Test
    void twoQueuesInTurns() {
        try (Bare bare = new Bare(false); OpenClDevice one = bare.wrap(ledger, "auto");
                OpenClDevice two = bare.wrap(ledger, bare.queue(true), "auto");
                LayerNorm first = new LayerNorm(5).on(one); GroupNorm second = new GroupNorm(2, 4).on(two);
                LayerNorm alone = new LayerNorm(5).on(one); GroupNorm after = new GroupNorm(2, 4).on(one);
                Scope scope = one.scope(); Scope other = two.scope()) {
            Lent between = new Lent(bare, Way.ALIGNED, DataType.F32, new float[SIZE], SHAPE);
            Tensor out = between.on(one);
            Tensor in = between.on(two);
            for (int i = 0; i < 20; i++) {
                float[] values = counting(i);
                first.forward(one.tensor(values, SHAPE), out);
                cl_event made = one.mark();
                two.waitFor(made);
                two.wrote(in);
                Tensor y = second.forward(in);
                cl_event used = two.mark();
                one.waitFor(used);
                assertArrayEquals(after.forward(alone.forward(one.tensor(values, SHAPE))).read(), y.read());
                Bare.ok(CL.clReleaseEvent(made));
                Bare.ok(CL.clReleaseEvent(used));
            }
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void whatDoesNotBelongTogetherIsRefused() {
        try (Bare bare = new Bare(false)) {
            cl_context strange = bare.context();
            cl_command_queue stranger = bare.queue(strange, false);
            String references = bare.references();
            String message = assertThrows(IllegalArgumentException.class,
                    () -> OpenClDevice.wrap(bare.context, bare.device, stranger)).getMessage();
            assertTrue(message.contains("queue of the context"), message);
            assertThrows(IllegalArgumentException.class,
                    () -> OpenClDevice.wrap(strange, bare.device, bare.queue));
            assertThrows(NullPointerException.class, () -> OpenClDevice.wrap(null, bare.device, bare.queue));
            assertThrows(NullPointerException.class, () -> OpenClDevice.wrap(bare.context, null, bare.queue));
            assertThrows(NullPointerException.class, () -> OpenClDevice.wrap(bare.context, bare.device, null));
            DeviceRequest request = DeviceRequest.of("opencl");
            for (DeviceRequest wrong : new DeviceRequest[] {DeviceRequest.of("cpu"), request.withKernels("best"),
                request.withVariant("none"), request.withKernels("gpu").withVariant("cpu/rows")}) {
                assertThrows(IllegalArgumentException.class,
                        () -> OpenClDevice.wrap(bare.context, bare.device, bare.queue, wrong));
            }
            assertEquals(references, bare.references());
            try (OpenClDevice device = OpenClDevice.wrap(bare.context, bare.device, bare.queue,
                    request.withVariant("plain"))) {
                cl_event foreign = event(strange);
                assertThrows(DeviceException.class, () -> device.waitFor(foreign));
                Bare.ok(CL.clReleaseEvent(foreign));
                device.finish();
            }
        }
    }

    private static cl_event event(cl_context context) {
        int[] status = new int[1];
        cl_event made = CL.clCreateUserEvent(context, status);
        Bare.ok(status[0]);
        return made;
    }

    /** Whether kernels take the borrowed memory as it lies or not. */
    @ParameterizedTest
    @ValueSource(strings = {"WHOLE", "ALIGNED", "UNALIGNED", "CHANNEL_SLICE"})
    void aStepThatRepeatsItself(Way way) {
        try (Bare bare = new Bare(way == Way.UNALIGNED); OpenClDevice device = bare.wrap(ledger, "cpu");
                BatchNorm2d norm = new BatchNorm2d(4).on(device); Scope scope = device.scope()) {
            Tensor x = new Lent(bare, way, DataType.F32, counting(1), SHAPE).on(device);
            Tensor y = new Lent(bare, way, DataType.F32, new float[SIZE], SHAPE).on(device);
            Tensor dx = new Lent(bare, way, DataType.F32, new float[SIZE], SHAPE).on(device);
            HostProbe probe = device.service(HostProbe.class);
            for (int i = 0; i < 50; i++) {
                step(norm, x, y, dx);
            }
            device.finish();
            long live = ledger.live();
            HostProbe.Calls before = probe.calls();
            // the least of four rounds: while the JVM has not compiled a method, that method makes objects
            long allocated = Long.MAX_VALUE;
            for (int round = 0; round < 4; round++) {
                long bytes = HEAP.getCurrentThreadAllocatedBytes();
                steps(bare, norm, x, y, dx);
                allocated = Math.min(allocated, HEAP.getCurrentThreadAllocatedBytes() - bytes);
            }
            HostProbe.Calls calls = probe.calls().since(before);
            assertEquals(0, calls.waits());
            assertEquals(0, calls.buffers());
            device.finish(); // lets go of the events of commands
            assertEquals(live, ledger.live());
            // kernels that fill dense memory serve one tensor after another; nothing else is set
            int moves = way.ordinal() < Way.UNALIGNED.ordinal() ? 0 : 5;
            assertTrue(calls.arguments() <= 400L * moves * 4, calls.toString());
            assertTrue(allocated <= 100 * 8, allocated + " bytes in 100 steps");
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    private static void steps(Bare bare, BatchNorm2d norm, Tensor x, Tensor y, Tensor dx) {
        for (int i = 0; i < 100; i++) {
            step(norm, x, y, dx);
            if (i % 20 == 0) {
                // the caller's own wait: PoCL's barriers take time for every command that is not done
                CL.clFinish(bare.queue);
            }
        }
    }

    private static void step(BatchNorm2d norm, Tensor x, Tensor y, Tensor dx) {
        norm.forward(x, y);
        norm.backward(y, dx);
    }
}
