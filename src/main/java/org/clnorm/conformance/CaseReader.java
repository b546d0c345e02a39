package org.clnorm.conformance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clnorm.Layout;
import org.clnorm.VarianceEstimate;
import org.clnorm.plan.Activation;
import org.clnorm.state.CheckpointException;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Shape;

/** Reads cases of the format norm-case-v1. Metadata and tensors that it does not know are left alone. */
final class CaseReader {
    static final String FORMAT = "norm-case-v1";

    private final StateDict file;
    private final Settings settings;

    private CaseReader(StateDict file) {
        this.file = file;
        this.settings = new Settings(file.metadata());
    }

    static Case read(Path path) {
        StateDict file = StateDict.load(path);
        try {
            return new CaseReader(file).read(name(path));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(path.toString(), e.getMessage(), e);
        }
    }

    private static String name(Path path) {
        return path.getFileName().toString().replaceFirst("\\.safetensors$", "");
    }

    private Case read(String fileName) {
        if (!settings.text("format").equals(FORMAT)) {
            throw new IllegalArgumentException(
                    "expected the format " + FORMAT + ", got '" + settings.text("format") + "'");
        }
        LayerSpec spec = spec().checked();
        Set<String> tags = settings.words("tags");
        List<CaseStep> steps = new ArrayList<>();
        long count = settings.whole("num_steps", 1);
        if (count < 1) {
            throw new IllegalArgumentException("expected num_steps of 1 or more, got " + count);
        }
        for (int k = 0; k < count; k++) {
            steps.add(step(k));
        }
        Case bare = new Case(settings.text("name", fileName), spec, initial(spec), steps, tags,
                settings.words("frozen"), settings.flag("accumulate", false));
        return Expectations.scaled(bare);
    }

    private LayerSpec spec() {
        LayerKind kind = LayerKind.of(settings.text("op"));
        boolean affine = settings.flag("affine", file.contains("weight"));
        boolean bias = settings.flag("bias", file.contains("bias"));
        boolean track = kind.mayTrack() && settings.flag("track_running_stats", file.contains("running_mean"));
        return new LayerSpec(kind, kind.mayTrack() ? spatial(kind) : 0, channels(kind),
                kind == LayerKind.GROUP_NORM ? settings.whole("num_groups") : 0,
                kind.overLast() ? settings.shape("normalized_shape", ",") : null,
                settings.real("eps", LayerSpec.eps(kind)), settings.momentum("momentum"), affine, bias, track,
                settings.text("running_variance", "").equals("biased") ? VarianceEstimate.BIASED
                        : VarianceEstimate.UNBIASED, settings.flag("zero_centered", false),
                Activation.parse(settings.text("activation", "none")), settings.join("residual"),
                new Arrangement(settings.text("layout", "").equals("nhwc") ? Layout.CHANNELS_LAST
                        : Layout.CHANNELS_FIRST, settings.whole("virtual_batch", 0),
                        settings.has("axes") ? settings.places("axes", ",") : List.of(),
                        new Endings(settings.text("lengths", ""))),
                settings.has("renorm") ? Correction.parse("renorm", settings.text("renorm")) : Correction.NONE);
    }

    /** From the module's name, else from the rank of a batch. */
    private int spatial(LayerKind kind) {
        String prefix = kind == LayerKind.BATCH_NORM ? "BatchNorm" : "InstanceNorm";
        int spatial = Math.max(1, tensor("0.x").shape().length - 2);
        String module = settings.text("module", prefix + spatial + "d");
        if (!module.matches(prefix + "[123]d")) {
            throw new IllegalArgumentException("expected a module " + prefix + "1d, 2d or 3d, got '" + module + "'");
        }
        return module.charAt(prefix.length()) - '0';
    }

    private long channels(LayerKind kind) {
        return switch (kind) {
            case LAYER_NORM, RMS_NORM -> 0;
            case GROUP_NORM -> settings.whole(settings.has("num_channels") ? "num_channels" : "num_features");
            default -> settings.whole("num_features");
        };
    }

    private StateDict initial(LayerSpec spec) {
        StateDict initial = new StateDict();
        if (spec.affine()) {
            initial.put("weight", tensor("weight"));
        }
        if (spec.bias()) {
            initial.put("bias", tensor("bias"));
        }
        if (spec.track()) {
            initial.put("running_mean", tensor("running_mean"));
            initial.put("running_var", tensor("running_var"));
            long count = settings.whole("num_batches_tracked_init", 0);
            initial.put("num_batches_tracked", HostTensor.ofLongs(new long[] {count}));
        }
        return initial;
    }

    private CaseStep step(int k) {
        HostTensor x = tensor(k + ".x");
        checkShape(k, x);
        String mode = settings.text("step." + k + ".mode");
        if (!mode.equals("train") && !mode.equals("eval")) {
            throw new IllegalArgumentException("expected step." + k + ".mode of train or eval, got '" + mode + "'");
        }
        HostTensor dy = optional(k + ".dy");
        return new CaseStep(mode.equals("train"), x, dy, optional(k + ".residual"), optional(k + ".dsum"), expected(k),
                settings.whole("step." + k + ".num_batches_tracked", -1));
    }

    private void checkShape(int k, HostTensor x) {
        Shape got = Shape.of(x.shape());
        String key = "step." + k + ".shape";
        if (settings.has(key) && !settings.text(key).isEmpty() && !settings.shape(key, ",").equals(got)) {
            throw new IllegalArgumentException("expected " + k + ".x of the shape " + settings.shape(key, ",")
                    + " that " + key + " says, got " + got);
        }
    }

    private Map<String, Expected> expected(int k) {
        Map<String, Expected> expected = new LinkedHashMap<>();
        for (String name : CaseRunner.TENSORS) {
            if (file.contains(k + "." + name)) {
                double scale = settings.real("step." + k + "." + name + ".scale", Double.NaN);
                expected.put(name, new Expected(tensor(k + "." + name), scale));
            }
        }
        return expected;
    }

    private HostTensor optional(String name) {
        return file.contains(name) ? tensor(name) : null;
    }

    /** A tensor of floating point numbers. */
    private HostTensor tensor(String name) {
        HostTensor tensor = file.get(name);
        switch (tensor.type()) {
            case F64, F32, F16, BF16 -> {
                return tensor;
            }
            default -> throw new IllegalArgumentException(
                    "expected " + name + " of a floating point type, got " + tensor.type());
        }
    }
}
