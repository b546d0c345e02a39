package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clnorm.TestDevices;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line of the example. */
class TrainTest {
    @TempDir
    Path folder;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(Object... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        return Train.run(new PrintWriter(out), new PrintWriter(err, true), words);
    }

    /** One clear line, and nothing else. */
    private void refused(String expected, Object... arguments) {
        assertEquals(2, run(arguments), err.toString());
        assertEquals("", out.toString());
        assertEquals(1, err.toString().lines().count(), err.toString());
        assertTrue(err.toString().startsWith("clnorm: ") && err.toString().contains(expected), err.toString());
    }

    @Test
    void badInputIsOneLine() throws IOException {
        refused("expected a normalization of batch_norm, layer_norm, instance_norm, group_norm, none, got 'norm'",
                "--norm", "norm");
        refused("'fast' is not a double", "--lr", "fast");
        refused("expected a finite learning rate above 0, got -1.0", "--lr", "-1");
        refused("expected 1 or more epochs, got 0", "--epochs", "0");
        refused("expected 1 or more images in a batch, got 0", "--batch", "0");
        refused("expected a GEMM of clblast, plain or auto, got 'slow'", "--gemm", "slow");
        refused("Unknown option: '--fast'", "--fast");
        refused("got both: a run goes on as it began", "--quick", "--resume", saved());
        refused("expected an OpenCL device, got 'cpu'", "--quick", "--device", "cpu");
        refused("nowhere: expected a folder with MNIST's files", "--data", folder.resolve("nowhere"));
        refused("expected a file train-images", "--data", folder);
        refused("cannot be read", "--resume", folder.resolve("nowhere"));
        refused("expected a run of training (format clnorm-train-1)", "--resume", saved());
        refused("expected a file in a folder that is there after --save", "--save", folder.resolve("a/b"));
        refused("expected --ranks of 1 or more", "--ranks", "0");
        refused("expected a deadline of more than 0, got PT0S", "--quick", "--ranks", "2", "--deadline", "0");
        refused("rank 1: expected an OpenCL device, got 'cpu'", "--quick", "--ranks", "2", "--device", "opencl,cpu");
        refused("expected buckets of 1 byte or more, got 0", "--quick", "--ranks", "1", "--bucket", "0");
        refused("expected a file in a folder that is there after --json", "--json", folder);
    }

    private Path saved() {
        Path file = folder.resolve("other.safetensors");
        new StateDict().put("weight", HostTensor.ofFloats(new float[1], 1)).save(file);
        return file;
    }

    @Test
    void helpNamesEveryOption() {
        assertEquals(0, run("--help"));
        for (String option : List.of("--norm", "--lr", "--epochs", "--batch", "--seed", "--device", "--gemm", "--save",
                "--resume", "--quick", "--json", "--data", "--sync", "--ranks", "--deadline", "--bucket")) {
            assertTrue(out.toString().contains(option + "=") || out.toString().contains(option + " "), option);
        }
    }

    @Test
    void aRunThatGoesOnEndsWhereTheWholeOneEnds() throws IOException {
        assumeFalse(TestDevices.openCl().isEmpty(), "there is no OpenCL device");
        Path half = folder.resolve("half.safetensors");
        Path whole = folder.resolve("whole.safetensors");
        Path resumed = folder.resolve("resumed.safetensors");
        Path json = folder.resolve("whole.json");
        Path resumedJson = folder.resolve("resumed.json");
        quick("--save", half);
        refused("expected --epochs of more than the 1 that", "--resume", half);
        assertEquals(0, run("--resume", half, "--epochs", 2, "--save", resumed, "--json", resumedJson), err.toString());
        quick("--epochs", 2, "--save", whole, "--json", json);
        assertEquals(StateDict.load(whole), StateDict.load(resumed));
        assertEquals(Files.readString(json), Files.readString(resumedJson));
        String told = "group_norm, learning rate 0\\.03: 95 % [^,]*, accuracy .* after 16 steps\\R";
        assertTrue(out.toString().matches(told), out.toString());
        assertTrue(err.toString().contains("16/16"), err.toString());
        Files.move(json, folder.resolve(Run.file("group_norm", "0.03")));
        Run run = Run.read(folder, "group_norm", "0.03");
        assertEquals(16, run.loss().size());
        assertEquals(List.of(8.0, 16.0), run.curve().stream().map(point -> point[0]).toList());
        assertFalse(run.diverged());
    }

    private void quick(Object... more) {
        List<Object> arguments = new ArrayList<>(List.of("--quick", "--gemm", "plain", "--norm", "group_norm", "--lr",
                "0.03", "--batch", 128, "--seed", 3));
        arguments.addAll(List.of(more));
        assertEquals(0, run(arguments.toArray()), err.toString());
    }

    @Test
    void jsonHasNullForWhatIsNoNumber() throws IOException {
        Outcome outcome = new Outcome(Settings.QUICK, List.of(2.5, Double.NaN),
                List.of(new Outcome.Measured(1, 0.5), new Outcome.Measured(2, 0.95), new Outcome.Measured(3, 0.25)));
        assertTrue(outcome.toJson().startsWith("{\"steps_to_95\":2,\"accuracy\":0.25,\"loss\":[2.5,null],"
                + "\"accuracies\":[[1,0.5],[2,0.95],[3,0.25]],\"settings\":{\"norm\":\"batch_norm\""),
                outcome.toJson());
        Outcome early = new Outcome(Settings.QUICK, List.of(), List.of());
        assertTrue(early.toJson().startsWith("{\"steps_to_95\":null,\"accuracy\":null,\"loss\":[]"), early.toJson());
    }
}
