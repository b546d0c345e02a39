package org.clnorm.example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.clnorm.NormLayer;
import org.clnorm.Parameter;
import org.clnorm.TestDevices;
import org.clnorm.engine.HostProbe;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.tensor.DeviceInfo;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The training loop that is written with JOCL: it learns, computes what the CPU engine does, and leaves nothing. */
class JoclLoopTest {
    private static final int WARM_UP = 500;
    private static final int STEPS = 10_000;
    /** Steps between two looks at the loss, the loop's only waits. */
    private static final int STRIDE = 100;
    /** What the heap may grow by in all steps: nothing, but for what the virtual machine keeps. Seen: 1 kB. */
    private static final long HEAP_BYTES = 500_000;
    /** How far a value may be from the CPU engine's, of the largest one or of 1: what a pass of a layer may err. */
    private static final double CONTRACT = 6e-7;
    /** The same for the loss, which a kernel of the loop adds up one float after the other. Seen: 1e-6. */
    private static final float SUM_OF_FLOATS = 3e-6f;

    private int platform;
    private int index;

    @BeforeEach
    void device() {
        List<DeviceInfo> devices = TestDevices.openCl();
        assumeFalse(devices.isEmpty(), "there is no OpenCL device");
        String[] selector = devices.get(0).selector().split(":");
        platform = Integer.parseInt(selector[1]);
        index = Integer.parseInt(selector[2]);
        CL.setExceptionsEnabled(true);
    }

    @AfterEach
    void quiet() {
        CL.setExceptionsEnabled(false);
    }

    /** Tensors, and what refers to the context and the queue, when all is done and no event is watched any more. */
    private static List<Long> held(JoclLoop loop) {
        OpenClDevice device = loop.device();
        device.finish();
        // every buffer, queue and program that lives refers to the context, and with PoCL every event to its queue
        int[] context = new int[1];
        int[] queue = new int[1];
        CL.clGetContextInfo(device.context(), CL.CL_CONTEXT_REFERENCE_COUNT, Sizeof.cl_uint, Pointer.to(context), null);
        CL.clGetCommandQueueInfo(device.queue(), CL.CL_QUEUE_REFERENCE_COUNT, Sizeof.cl_uint, Pointer.to(queue), null);
        return List.of(device.liveTensors(), (long) context[0], (long) queue[0]);
    }

    /** Calls that a step must not make; launches go on. */
    private static HostProbe.Calls calls(JoclLoop loop) {
        HostProbe.Calls calls = loop.device().service(HostProbe.class).calls();
        return new HostProbe.Calls(0, calls.arguments(), calls.waits(), calls.buffers());
    }

    @Test
    void tenThousandStepsLeaveNothing() {
        try (JoclLoop loop = new JoclLoop(platform, index)) {
            float first = run(loop, 1);
            run(loop, WARM_UP);
            List<Long> held = held(loop);
            HostProbe.Calls calls = calls(loop);
            long heap = usedHeap();
            float last = run(loop, STEPS);
            long grown = usedHeap() - heap;
            assertEquals(calls, calls(loop));
            assertEquals(held, held(loop));
            assertTrue(grown < HEAP_BYTES, "the heap grew by " + grown + " bytes");
            assertTrue(last < 0.02 * first, "the loss went from " + first + " to " + last);
            assertEquals(1 + WARM_UP + STEPS, loop.batchNorm().numBatchesTracked());
        }
    }

    private static float run(JoclLoop loop, int steps) {
        for (int i = 1; i < steps; i++) {
            loop.step();
            if (i % STRIDE == 0) {
                loop.loss();
            }
        }
        loop.step();
        return loop.loss();
    }

    private static long usedHeap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    @Test
    void warmBeforeTheFirstStep() {
        try (JoclLoop loop = new JoclLoop(platform, index)) {
            HostProbe.Calls before = loop.device().service(HostProbe.class).calls();
            run(loop, 1);
            HostProbe.Calls calls = loop.device().service(HostProbe.class).calls().since(before);
            assertEquals(0, calls.buffers());
            assertEquals(0, calls.waits());
        }
    }

    @Test
    void computesWhatTheCpuEngineDoes() {
        try (JoclLoop loop = new JoclLoop(platform, index); CpuLoop expected = new CpuLoop()) {
            for (int step = 0; step < 20; step++) {
                float loss = run(loop, 1);
                assertEquals(expected.step(), loss, SUM_OF_FLOATS, "loss of step " + step);
                close(expected.weight(), loop.weight(), "mix, step " + step);
                close(expected.batchNorm(), loop.batchNorm(), "step " + step);
                close(expected.layerNorm(), loop.layerNorm(), "step " + step);
            }
            close(expected.batchNorm().runningMean().read(), loop.batchNorm().runningMean().read(), "running mean");
            close(expected.batchNorm().runningVar().read(), loop.batchNorm().runningVar().read(), "running variance");
        }
    }

    private static void close(NormLayer expected, NormLayer actual, String when) {
        assertEquals(expected.parameters().keySet(), actual.parameters().keySet());
        expected.parameters().forEach((name, parameter) -> {
            Parameter other = actual.parameters().get(name);
            close(parameter.value().read(), other.value().read(), actual + ", " + name + ", " + when);
            close(parameter.grad().read(), other.grad().read(), actual + ", gradient of " + name + ", " + when);
        });
    }

    private static void close(float[] expected, float[] actual, String what) {
        double scale = 1;
        for (float value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        assertArrayEquals(expected, actual, (float) (CONTRACT * scale), what);
    }

    @Test
    void mainTellsTheLoss() {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            JoclLoop.main(new String[] {"1000", "" + platform, "" + index});
        } finally {
            System.setOut(before);
        }
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(3, lines.size(), lines.toString());
        assertTrue(lines.get(1).matches("step +0  loss 0\\.98\\d+"), lines.get(1));
        assertTrue(lines.get(2).matches("step +1000  loss 0\\.[01]\\d+"), lines.get(2));
    }
}
