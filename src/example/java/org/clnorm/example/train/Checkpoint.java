package org.clnorm.example.train;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.clnorm.StateMismatchException;
import org.clnorm.state.CheckpointException;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;

/**
 * A run in one file, in the format of safetensors: the network's own weights, the state of the library's layers, what
 * is kept of updates as {@code momentum.NAME}, losses and accuracies so far, and as metadata the settings. Names and
 * shapes are PyTorch's, but for the weights of a layer normalization, which are [H, W, C] as the layer has them.
 */
final class Checkpoint {
    private static final String FORMAT = "clnorm-train-1";
    private static final String MOMENTUM = "momentum.";

    private final Path file;
    private final StateDict state;

    private Checkpoint(Path file, StateDict state) {
        this.file = file;
        this.state = state;
    }

    /** Saves a run in the place of what the file held, which stays whole until then. */
    static void save(Path file, Outcome outcome, String data, Network network, Sgd sgd) {
        StateDict state = new StateDict();
        Settings settings = outcome.settings();
        settings(settings, data).forEach(state::putMetadata);
        state.putMetadata("epochs", Integer.toString(settings.epochs()))
                .putMetadata("gemm", settings.gemm().label())
                .putMetadata("images", Integer.toString(settings.images()))
                .putMetadata("held_out", Integer.toString(settings.heldOut()));
        network.own().forEach(weight -> state.put(weight.name(), weight.toPyTorch(weight.value().read())));
        state.putAll(network.norms().stateDict());
        sgd.velocities().forEach((weight, velocity) -> state.put(MOMENTUM + weight.name(),
                weight.toPyTorch(velocity.read())));
        double[] loss = outcome.loss().stream().mapToDouble(value -> value).toArray();
        double[] accuracies = outcome.accuracies().stream()
                .flatMapToDouble(measured -> DoubleStream.of(measured.step(), measured.accuracy())).toArray();
        state.put("loss", HostTensor.ofDoubles(loss, loss.length));
        state.put("accuracies", HostTensor.ofDoubles(accuracies, accuracies.length / 2, 2));
        state.save(file);
    }

    /** What two runs must have in common to be one. Where they compute is not among it, nor when they end. */
    private static Map<String, String> settings(Settings settings, String data) {
        Map<String, String> map = new LinkedHashMap<>();
        map.put("format", FORMAT);
        map.put("norm", settings.norm().label());
        map.put("lr", Double.toString(settings.rate()));
        map.put("batch", Integer.toString(settings.batch()));
        map.put("seed", Long.toString(settings.seed()));
        map.put("measured_every", Integer.toString(settings.measureEvery()));
        map.put("data", data);
        return map;
    }

    /**
     * Reads a file.
     *
     * @throws CheckpointException if it cannot be read, or is of another kind
     */
    static Checkpoint load(Path file) {
        StateDict state = StateDict.load(file);
        String format = state.metadata().get("format");
        if (!FORMAT.equals(format)) {
            throw new CheckpointException(file.toString(), "expected a run of training (format " + FORMAT + "), got "
                    + (format == null ? "a file that names no format" : "format " + format));
        }
        return new Checkpoint(file, state);
    }

    /** What the run was told, but for the folder with data. */
    Settings settings() {
        try {
            return new Settings(Normalization.of(setting("norm")), Double.parseDouble(setting("lr")),
                    Integer.parseInt(setting("epochs")), Integer.parseInt(setting("batch")),
                    Long.parseLong(setting("seed")), Settings.STANDARD.device(), GemmKind.of(setting("gemm")),
                    Integer.parseInt(setting("images")), Integer.parseInt(setting("held_out")),
                    Integer.parseInt(setting("measured_every")), null);
        } catch (IllegalArgumentException damaged) {
            throw new CheckpointException(file.toString(), "its settings are damaged: " + damaged.getMessage(),
                    damaged);
        }
    }

    private String setting(String name) {
        String value = state.metadata().get(name);
        if (value == null) {
            throw new CheckpointException(file.toString(), "expected its settings to name " + name);
        }
        return value;
    }

    /**
     * Puts weights, normalizations and updates where they were.
     *
     * @return what had come of the run
     * @throws CheckpointException if the run had other settings, or lacks something; nothing is changed then
     */
    Outcome restore(Settings settings, String data, Network network, Sgd sgd) {
        settings(settings, data).forEach((name, expected) -> {
            if (!expected.equals(setting(name))) {
                throw new CheckpointException(file.toString(), "expected a run with " + name + " " + expected
                        + ", got one with " + setting(name));
            }
        });
        Map<Weight, float[]> weights = new LinkedHashMap<>();
        Map<Weight, float[]> velocities = new LinkedHashMap<>();
        network.own().forEach(weight -> weights.put(weight, values(weight, "")));
        sgd.velocities().keySet().forEach(weight -> velocities.put(weight, values(weight, MOMENTUM)));
        Outcome outcome = new Outcome(settings, loss(), accuracies());
        try {
            network.norms().loadStateDict(state.filter(network.norms().keys()::contains));
        } catch (StateMismatchException damaged) {
            throw new CheckpointException(file.toString(), damaged.getMessage(), damaged);
        }
        weights.forEach((weight, values) -> weight.value().write(values));
        sgd.velocities().forEach((weight, velocity) -> velocity.write(velocities.get(weight)));
        return outcome;
    }

    private HostTensor tensor(String name) {
        if (!state.contains(name)) {
            throw new CheckpointException(file.toString(), "expected a tensor " + name);
        }
        return state.get(name);
    }

    private float[] values(Weight weight, String prefix) {
        HostTensor tensor = tensor(prefix + weight.name());
        if (!Arrays.equals(tensor.shape(), weight.shape())) {
            throw new CheckpointException(file.toString(), "expected " + prefix + weight.name() + " of "
                    + Arrays.toString(weight.shape()) + ", got " + Arrays.toString(tensor.shape()));
        }
        return weight.fromPyTorch(tensor.toFloats());
    }

    private List<Double> loss() {
        return Arrays.stream(tensor("loss").toDoubles()).boxed().toList();
    }

    private List<Outcome.Measured> accuracies() {
        double[] values = tensor("accuracies").toDoubles();
        List<Outcome.Measured> accuracies = new ArrayList<>();
        for (int i = 0; i + 1 < values.length; i += 2) {
            accuracies.add(new Outcome.Measured((int) values[i], values[i + 1]));
        }
        return accuracies;
    }
}
