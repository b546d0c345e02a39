package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PyTorch trains on what a file tells, where there is a Python that has it. */
class PyTorchTrainingTest {
    private static final Path PROGRAM = Path.of("scripts", "lib", "training.py");
    private static final int STEPS = 6;
    private static final int BATCH = 16;

    @TempDir
    Path folder;
    private static String python;

    @BeforeAll
    static void python() throws IOException, InterruptedException {
        python = System.getenv().getOrDefault("CLNORM_PYTHON", "python3");
        ProcessBuilder builder = new ProcessBuilder(python, "-c", "import torch")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().remove("LD_PRELOAD");
        boolean there;
        try {
            there = builder.start().waitFor() == 0;
        } catch (IOException missing) {
            there = false;
        }
        assumeTrue(there, "no Python with torch (CLNORM_PYTHON names one)");
    }

    private static HostTensor random(Random random, int inputs, long... shape) {
        int count = 1;
        for (long extent : shape) {
            count *= (int) extent;
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * StrictMath.sqrt(2.0 / inputs));
        }
        return HostTensor.ofFloats(values, shape);
    }

    /** The same batch again and again: its loss must fall. */
    private Path file(String norm, HostTensor linear) {
        Random random = new Random(5);
        Images images = Digits.draw(1, BATCH);
        float[] pixels = new float[STEPS * images.pixels().length];
        long[] labels = new long[STEPS * BATCH];
        for (int step = 0; step < STEPS; step++) {
            System.arraycopy(images.pixels(), 0, pixels, step * images.pixels().length, images.pixels().length);
            for (int i = 0; i < BATCH; i++) {
                labels[step * BATCH + i] = images.labels()[i];
            }
        }
        StateDict state = new StateDict()
                .put("images", HostTensor.ofFloats(pixels, STEPS, BATCH, Digits.SIZE, Digits.SIZE))
                .put("labels", HostTensor.ofLongs(labels, STEPS, BATCH))
                .put("conv1.weight", random(random, 9, 16, 1, 3, 3))
                .put("conv2.weight", random(random, 144, 32, 16, 3, 3))
                .put("linear.weight", linear)
                .put("linear.bias", HostTensor.ofFloats(new float[10], 10))
                .putMetadata("norm", norm).putMetadata("groups", "4")
                .putMetadata("lr", "0.01").putMetadata("momentum", "0.9");
        Path file = folder.resolve(norm + ".safetensors");
        state.save(file);
        return file;
    }

    @Test
    void everyNormalizationLearns() throws Exception {
        HostTensor linear = random(new Random(6), 32 * 49, 10, 32 * 49);
        List<Path> files = Comparison.NORMS.stream().map(norm -> file(norm, linear)).toList();
        List<PyTorchTraining> trainings = PyTorchTraining.of(python, PROGRAM, files);
        assertEquals(files.size(), trainings.size());
        List<Double> firsts = new ArrayList<>();
        for (PyTorchTraining training : trainings) {
            assertEquals(STEPS, training.float64().size());
            firsts.add(training.float64().get(0));
            assertTrue(training.float64().get(STEPS - 1) < training.float64().get(0), training.toString());
            Agreement agreement = Agreement.of(training.float64(), training.float32(), training.float64());
            assertTrue(agreement.theirs() > 0 && agreement.theirs() < 1e-3, agreement.toString());
        }
        assertEquals(firsts.size(), firsts.stream().distinct().count(), "each normalization is another: " + firsts);
    }

    /** A linear layer of zeros guesses each digit alike, whatever comes before. */
    @Test
    void theFirstLossIsThatOfTheWeightsGiven() throws Exception {
        Path file = file("batch_norm", HostTensor.ofFloats(new float[10 * 32 * 49], 10, 32 * 49));
        PyTorchTraining training = PyTorchTraining.of(python, PROGRAM, List.of(file)).get(0);
        assertEquals(Math.log(10), training.float64().get(0), 1e-12);
        assertTrue(training.float64().get(1) < Math.log(10), training.toString());
    }

    @Test
    void failuresAreOneLine() {
        String message = assertThrows(IOException.class,
                () -> PyTorchTraining.of(python, PROGRAM, List.of(folder.resolve("nothing")))).getMessage();
        assertTrue(message.startsWith("PyTorch failed: ") && message.contains("nothing"), message);
    }
}
