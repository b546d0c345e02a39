package org.clnorm.conformance;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;
import org.clnorm.Layout;
import org.clnorm.VarianceEstimate;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;

/** Makes a workload of its line. Keys that a layer does not know are refused as unknown. */
final class WorkloadParser {
    private static final int MOST_STEPS = 100;

    private final LayerKind kind;
    private final Shape shape;
    private final Settings settings;

    private WorkloadParser(LayerKind kind, Shape shape, Settings settings) {
        this.kind = kind;
        this.shape = shape;
        this.settings = settings;
    }

    static String withoutComment(String line) {
        int comment = line.indexOf('#');
        return (comment < 0 ? line : line.substring(0, comment)).strip();
    }

    static Workload parse(String line) {
        String[] words = withoutComment(line).split("\\s+");
        try {
            if (words.length < 2) {
                throw new IllegalArgumentException("expected LAYER SHAPE [key=value …], got too few words");
            }
            Shape shape = Settings.shape("the shape", words[1], "x");
            return new WorkloadParser(LayerKind.of(words[0]), shape, new Settings(keys(words))).workload();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ", in the workload '" + line.strip() + "'", e);
        }
    }

    private static Map<String, String> keys(String[] words) {
        Map<String, String> keys = new LinkedHashMap<>();
        for (String word : Arrays.asList(words).subList(2, words.length)) {
            int equals = word.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("expected key=value, got '" + word + "'");
            }
            if (keys.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
                throw new IllegalArgumentException(
                        "expected each key once, got '" + word.substring(0, equals) + "' twice");
            }
        }
        return keys;
    }

    private Workload workload() {
        if (shape.rank() == 0 || shape.size() > Long.MAX_VALUE / DataType.F64.bytes()) {
            throw new IllegalArgumentException("expected a shape of at most 2^60 - 1 elements, got " + shape);
        }
        boolean unbatched = kind == LayerKind.INSTANCE_NORM && settings.flag("unbatched", false);
        LayerSpec spec = spec(unbatched ? 0 : 1);
        Trial trial = new Trial(unbatched, steps(), Family.parse(settings.text("x", "normal")),
                Family.parse(settings.text("dy", "normal")), settings.whole("seed", 0), settings.flag("backward", true),
                frozen(spec), settings.flag("accumulate", false), dataType(), stored(spec));
        settings.checkAllAsked();
        checkLengths(spec, unbatched);
        return new Workload(spec.checked(), shape, trial);
    }

    private void checkLengths(LayerSpec spec, boolean unbatched) {
        if (spec.arrangement().endings().exist()) {
            if (spec.join() != Join.NONE || unbatched) {
                throw new IllegalArgumentException("expected lengths of a batch without a residual, got "
                        + (unbatched ? "unbatched" : "a residual"));
            }
            spec.arrangement().endings().lengths(spec.arrangement().stored(shape, false), spec.time());
        }
    }

    private Arrangement arrangement() {
        Arrangement usual = Arrangement.USUAL.endings(new Endings(settings.text("lengths", "")));
        if (kind.overLast()) {
            return usual.axes(axes());
        }
        Arrangement arrangement = usual.layout(layout());
        return kind == LayerKind.BATCH_NORM ? arrangement.virtualBatch(settings.whole("virtual_batch", 0))
                : arrangement;
    }

    private List<Integer> axes() {
        return settings.has("axes") ? settings.places("axes", "x") : List.of();
    }

    private Layout layout() {
        String layout = settings.text("layout", "nchw");
        return switch (layout) {
            case "nchw" -> Layout.CHANNELS_FIRST;
            case "nhwc" -> Layout.CHANNELS_LAST;
            default -> throw new IllegalArgumentException("expected layout of nchw or nhwc, got '" + layout + "'");
        };
    }

    private DataType dataType() {
        String type = settings.text("dtype", "f32");
        return switch (type) {
            case "f32" -> DataType.F32;
            case "f16" -> DataType.F16;
            case "bf16" -> DataType.BF16;
            default -> throw new IllegalArgumentException("expected dtype of f32, f16 or bf16, got '" + type + "'");
        };
    }

    /** Floats in the type of x are what there is anyway, and so is nothing. */
    private boolean stored(LayerSpec spec) {
        String parameters = settings.text("parameters", "f32");
        if (!parameters.equals("f32") && !parameters.equals("storage")) {
            throw new IllegalArgumentException("expected parameters of f32 or storage, got '" + parameters + "'");
        }
        return parameters.equals("storage") && spec.affine() && dataType() != DataType.F32;
    }

    private LayerSpec spec(int channelDim) {
        boolean affine = settings.flag("affine", kind != LayerKind.INSTANCE_NORM);
        boolean bias = kind != LayerKind.RMS_NORM && settings.flag("bias", true);
        double eps = settings.real("eps", LayerSpec.eps(kind));
        OptionalDouble momentum = kind.mayTrack() ? settings.momentum("momentum") : OptionalDouble.of(0.1);
        boolean track = kind.mayTrack() && settings.flag("track", kind == LayerKind.BATCH_NORM);
        long groups = kind == LayerKind.GROUP_NORM ? settings.whole("groups") : 0;
        return new LayerSpec(kind, spatial(channelDim), channels(channelDim), groups, normalized(), eps, momentum,
                affine, bias, track, kind.mayTrack() ? variance() : VarianceEstimate.UNBIASED,
                kind.overLast() && settings.flag("zero_centered", false),
                Activation.parse(settings.text("activation", "none")), settings.join("residual"),
                arrangement(), correction());
    }

    private Correction correction() {
        return kind == LayerKind.BATCH_NORM && settings.has("renorm")
                ? Correction.parse("renorm", settings.text("renorm")) : Correction.NONE;
    }

    private int spatial(int channelDim) {
        int spatial = shape.rank() - channelDim - 1;
        int least = kind == LayerKind.BATCH_NORM ? 0 : 1;
        if (kind.mayTrack() && (spatial < least || spatial > 3)) {
            throw new IllegalArgumentException("expected " + (channelDim == 0 ? "" : "N x ") + "C and " + least
                    + " to 3 dimensions of space in " + kind.label() + ", got the shape " + shape);
        }
        return kind.mayTrack() ? Math.max(1, spatial) : 0;
    }

    private long channels(int channelDim) {
        if (kind.overLast()) {
            return 0;
        }
        if (shape.rank() <= channelDim) {
            throw new IllegalArgumentException(
                    "expected N x C x space in " + kind.label() + ", got the shape " + shape);
        }
        return shape.dim(channelDim);
    }

    private Shape normalized() {
        if (!kind.overLast()) {
            return null;
        }
        if (settings.has("axes")) {
            return along(axes());
        }
        Shape normalized = settings.shape("normalized_shape", "x");
        int split = shape.rank() - normalized.rank();
        for (int i = 0; i < normalized.rank(); i++) {
            if (split < 0 || shape.dim(split + i) != normalized.dim(i)) {
                throw new IllegalArgumentException("expected a normalized_shape of the last dimensions of " + shape
                        + ", got " + normalized);
            }
        }
        return normalized;
    }

    /** The sizes of dimensions, which layers want in ascending order. */
    private Shape along(List<Integer> axes) {
        for (int i = 0; i < axes.size(); i++) {
            if (axes.get(i) < (i == 0 ? 0 : axes.get(i - 1) + 1) || axes.get(i) >= shape.rank()) {
                throw new IllegalArgumentException("expected axes of " + shape + " in ascending order, got " + axes);
            }
        }
        return Shape.of(axes.stream().mapToLong(shape::dim).toArray());
    }

    private VarianceEstimate variance() {
        String variance = settings.text("variance", "unbiased");
        return switch (variance) {
            case "unbiased" -> VarianceEstimate.UNBIASED;
            case "biased" -> VarianceEstimate.BIASED;
            default -> throw new IllegalArgumentException(
                    "expected variance of unbiased or biased, got '" + variance + "'");
        };
    }

    private String steps() {
        if (settings.has("mode") && settings.has("steps")) {
            throw new IllegalArgumentException("expected mode or steps, got both");
        }
        String mode = settings.text("mode", "train");
        if (!mode.equals("train") && !mode.equals("eval")) {
            throw new IllegalArgumentException("expected mode of train or eval, got '" + mode + "'");
        }
        String steps = settings.text("steps", mode.substring(0, 1));
        if (!steps.matches("[te]{1," + MOST_STEPS + "}")) {
            throw new IllegalArgumentException(
                    "expected steps of 1 to " + MOST_STEPS + " letters t and e, got '" + steps + "'");
        }
        return steps;
    }

    private Set<String> frozen(LayerSpec spec) {
        Set<String> frozen = new TreeSet<>();
        for (String name : settings.has("freeze") ? settings.text("freeze").split("\\+", -1) : new String[0]) {
            boolean there = switch (name) {
                case "weight" -> spec.affine();
                case "bias" -> spec.bias();
                case "statistics" -> spec.track();
                default -> false;
            };
            if (!there) {
                throw new IllegalArgumentException(
                        "expected freeze of weight, bias or statistics that the layer has, got '" + name + "'");
            }
            frozen.add(name);
        }
        return frozen;
    }
}
