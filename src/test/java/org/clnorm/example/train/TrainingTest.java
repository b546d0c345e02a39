package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.clnorm.TestDevices;
import org.clnorm.engine.HostProbe;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.state.CheckpointException;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DeviceInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Small runs: they learn, are the same again, and go on where they were saved. */
class TrainingTest {
    private static final Settings SMALL = Settings.QUICK.withGemm(GemmKind.PLAIN).withBatch(16).withImages(160, 40);
    private static final Images LEARNED = Digits.draw(1, 160);
    private static final Images HELD_OUT = Digits.draw(2, 40);

    @TempDir
    Path folder;
    private OpenClDevice device;

    @BeforeEach
    void open() {
        List<DeviceInfo> devices = TestDevices.openCl();
        assumeFalse(devices.isEmpty(), "there is no OpenCL device");
        device = Training.open(devices.get(0).selector());
    }

    @AfterEach
    void close() {
        if (device != null) {
            assertEquals(0, device.liveTensors());
            device.close();
        }
    }

    private Training training(Settings settings) {
        return new Training(device, settings, LEARNED, HELD_OUT);
    }

    private Outcome run(Settings settings) {
        try (Training training = training(settings)) {
            return training.run(watched -> { });
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyNormalizationLearns(Normalization norm) {
        Outcome outcome = run(SMALL.withNorm(norm).withEpochs(3));
        assertEquals(30, outcome.loss().size());
        double first = mean(outcome.loss().subList(0, 5));
        double last = mean(outcome.loss().subList(25, 30));
        assertTrue(first > 2 && last < 0.75 * first, "the loss went from " + first + " to " + last);
        assertEquals(List.of(8, 10, 16, 20, 24, 30),
                outcome.accuracies().stream().map(Outcome.Measured::step).toList());
        assertTrue(outcome.accuracy() > 0.3, outcome.toString());
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(value -> value).average().orElseThrow();
    }

    @Test
    void theSameSeedGivesTheSameBits() {
        Outcome outcome = run(SMALL);
        assertEquals(outcome, run(SMALL));
        assertNotEquals(outcome.loss(), run(SMALL.withSeed(2)).loss());
    }

    @ParameterizedTest
    @EnumSource
    void resumedBitForBit(Normalization norm) {
        Settings settings = SMALL.withNorm(norm).withEpochs(2);
        Path middle = folder.resolve("middle.safetensors");
        Path end = folder.resolve("end.safetensors");
        Path resumedEnd = folder.resolve("resumed.safetensors");
        Outcome whole;
        try (Training training = training(settings)) {
            whole = training.run(watched -> {
                if (watched.steps() == 13) {
                    watched.save(middle);
                }
            });
            training.save(end);
        }
        try (Training training = training(settings)) {
            training.resume(middle);
            assertEquals(13, training.steps());
            assertEquals(whole, training.run(watched -> { }));
            training.save(resumedEnd);
        }
        assertEquals(StateDict.load(end), StateDict.load(resumedEnd));
    }

    @Test
    void aFileOfAnotherRunIsRefused() throws IOException {
        Path file = folder.resolve("run.safetensors");
        try (Training training = training(SMALL)) {
            training.step();
            training.save(file);
        }
        refused(SMALL.withRate(0.5), file, "expected a run with lr 0.5, got one with 0.01");
        refused(SMALL.withSeed(7), file, "expected a run with seed 7, got one with 1");
        refused(SMALL.withNorm(Normalization.NONE), file, "expected a run with norm none, got one with batch_norm");
        refused(SMALL.withBatch(8), file, "expected a run with batch 8, got one with 16");
        try (Training training = new Training(device, SMALL, HELD_OUT, LEARNED)) {
            String message = assertThrows(CheckpointException.class, () -> training.resume(file)).getMessage();
            assertTrue(message.contains("expected a run with data 40 images of 28 x 28"), message);
        }
        StateDict state = StateDict.load(file);
        StateDict incomplete = state.filter(name -> !name.equals("linear.bias"));
        try (Training training = training(SMALL)) {
            refused(training, state.put("momentum.conv1.weight", HostTensor.ofFloats(new float[9], 9)),
                    "expected momentum.conv1.weight of [16, 1, 3, 3], got [9]");
            refused(training, incomplete, "expected a tensor linear.bias");
            refused(training, new StateDict(), "expected a run of training (format clnorm-train-1), got a file that");
            Files.writeString(file, "nothing");
            refused(training, file, file.toString());
        }
    }

    private static void refused(Training training, StateDict state, String expected) throws IOException {
        Path file = Files.createTempFile("run", ".safetensors");
        try {
            state.save(file);
            refused(training, file, expected);
        } finally {
            Files.delete(file);
        }
    }

    private void refused(Settings settings, Path file, String expected) {
        try (Training training = training(settings)) {
            refused(training, file, expected);
        }
    }

    /** With the right message, and with nothing changed. */
    private static void refused(Training training, Path file, String expected) {
        StateDict before = training.weights();
        String message = assertThrows(CheckpointException.class, () -> training.resume(file)).getMessage();
        assertTrue(message.contains(expected), message);
        assertEquals(before, training.weights());
        assertEquals(0, training.steps());
    }

    @Test
    void aWarmStepTakesNoMemoryAndDoesNotWait() {
        try (Training training = training(SMALL.withEpochs(9))) {
            training.step();
            training.measure();
            HostProbe.Calls before = calls();
            for (int step = 0; step < 8; step++) {
                training.step();
            }
            HostProbe.Calls after = calls();
            assertEquals(before.buffers(), after.buffers());
            assertEquals(before.waits(), after.waits());
            assertEquals(9, training.outcome().loss().size());
        }
    }

    private HostProbe.Calls calls() {
        return device.service(HostProbe.class).calls();
    }

    @Test
    void theInitialWeightsArePyTorchs() {
        Path file = folder.resolve("initial.safetensors");
        try (Training training = training(SMALL.withNorm(Normalization.LAYER_NORM))) {
            InitialState.save(training, LEARNED, 3, file);
            training.step();
            assertThrows(IllegalStateException.class, () -> InitialState.save(training, LEARNED, 3, file));
        }
        StateDict state = StateDict.load(file);
        assertEquals(List.of(16L, 28L, 28L), shape(state, "norm1.weight"));
        assertEquals(List.of(32L, 16L, 3L, 3L), shape(state, "conv2.weight"));
        assertEquals(List.of(10L, 32 * 49L), shape(state, "linear.weight"));
        assertEquals(List.of(3L, 16L, 28L, 28L), shape(state, "images"));
        assertEquals("layer_norm", state.metadata().get("norm"));
    }

    private static List<Long> shape(StateDict state, String name) {
        return Arrays.stream(state.get(name).shape()).boxed().toList();
    }

    @Test
    void whatDoesNotFitIsRefused() {
        refused(SMALL.withBatch(161), LEARNED, HELD_OUT, "expected a batch of at most 160 images");
        Images odd = new Images(6, 6, new float[36 * 20], new byte[20]);
        refused(SMALL, odd, odd, "multiples of 4, got 6 x 6");
        refused(SMALL, LEARNED, odd, "expected images held out of 28 x 28, got 6 x 6");
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Training.open("cpu")).getMessage()
                .contains("expected an OpenCL device, got 'cpu'"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> SMALL.withRate(Double.NaN)).getMessage()
                .contains("learning rate above 0, got NaN"));
    }

    private void refused(Settings settings, Images learned, Images heldOut, String expected) {
        String message = assertThrows(IllegalArgumentException.class,
                () -> new Training(device, settings, learned, heldOut)).getMessage();
        assertTrue(message.contains(expected), message);
    }
}
