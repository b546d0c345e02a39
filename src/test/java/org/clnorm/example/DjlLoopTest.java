package org.clnorm.example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.util.Pair;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.clnorm.BatchNorm2d;
import org.clnorm.OnEveryDevice;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The example that trains with DJL, beside the same network with DJL's own block. Needs the profile {@code djl}. */
class DjlLoopTest {
    private static final int STEPS = 20;
    /**
     * How far gradients, losses and statistics may be apart. All are sums and means of terms that together come to 1 or
     * so: two engines within 6e-7 of that each, and what 20 updates of a twentieth of such a difference add up to.
     * Seen: 6e-8.
     */
    private static final float TOLERANCE = 2e-6f;

    @BeforeEach
    void djl() {
        boolean present = DjlLoopTest.class.getResource("/native/lib/pytorch.properties") != null;
        assertTrue(present || !Boolean.getBoolean("clnorm.requireDjl"), "expected DJL's engine on the class path");
        assumeTrue(present, "DJL's engine is not on the class path: mvn -Pdjl brings it, on Linux x86-64");
    }

    @OnEveryDevice
    void trainsAsWithDjlsOwnBlock(Device device) {
        BatchNorm2d layer = new BatchNorm2d(DjlLoop.CHANNELS).on(device);
        try (DjlBatchNorm2d block = new DjlBatchNorm2d(layer);
                DjlLoop ours = new DjlLoop(block);
                DjlLoop theirs = new DjlLoop(BatchNorm.builder().build())) {
            float first = 0;
            float last = 0;
            for (int step = 0; step < STEPS; step++) {
                last = ours.backward();
                first = step == 0 ? last : first;
                assertEquals(theirs.backward(), last, TOLERANCE, "loss of step " + step);
                compareGradients(theirs, ours, "step " + step);
                ours.update();
                theirs.update();
            }
            assertTrue(last < 0.2 * first, "the loss went from " + first + " to " + last);
            List<Parameter> statistics = parameters(theirs).values().subList(3, 5);
            assertEquals(List.of("runningMean", "runningVar"), statistics.stream().map(Parameter::getName).toList());
            assertArrayEquals(values(statistics.get(0)), layer.runningMean().read(), TOLERANCE);
            assertArrayEquals(values(statistics.get(1)), layer.runningVar().read(), TOLERANCE);
            assertEquals(STEPS, layer.numBatchesTracked());
        }
    }

    private static void compareGradients(DjlLoop expected, DjlLoop actual, String when) {
        List<Pair<String, Parameter>> wanted = trained(expected);
        List<Pair<String, Parameter>> got = trained(actual);
        assertEquals(5, wanted.size());
        assertEquals(5, got.size());
        for (int i = 0; i < wanted.size(); i++) {
            assertArrayEquals(gradient(wanted.get(i).getValue()), gradient(got.get(i).getValue()), TOLERANCE,
                    when + ", " + got.get(i).getKey());
        }
    }

    private static List<Pair<String, Parameter>> trained(DjlLoop loop) {
        return parameters(loop).stream().filter(parameter -> parameter.getValue().requiresGradient()).toList();
    }

    private static ParameterList parameters(DjlLoop loop) {
        return loop.model().getBlock().getParameters();
    }

    private static float[] gradient(Parameter parameter) {
        return parameter.getArray().getGradient().toFloatArray();
    }

    private static float[] values(Parameter parameter) {
        return parameter.getArray().toFloatArray();
    }

    @Test
    void mainTellsTheLoss() {
        PrintStream before = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            DjlLoop.main(new String[] {"20"});
        } finally {
            System.setOut(before);
        }
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        assertEquals(4, lines.size(), lines.toString());
        assertTrue(lines.get(1).matches("step +0  loss 1\\.2799"), lines.get(1));
        assertTrue(lines.get(3).matches("step +20  loss 0\\.0\\d+"), lines.get(3));
    }
}
