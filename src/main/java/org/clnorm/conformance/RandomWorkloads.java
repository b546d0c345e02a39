package org.clnorm.conformance;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.clnorm.Layout;
import org.clnorm.VarianceEstimate;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;

/**
 * Random workloads of all layers: small and odd shapes, dimensions of 1, larger ones now and then, all settings, and
 * values from ordinary to extreme, in all storage types. The same seed gives the same workloads in the same order.
 */
public final class RandomWorkloads {
    private static final List<String> ODD_VALUES = List.of("zero", "ones", "const", "constchan", "chanscales",
            "outlier", "nan1", "inf1", "ninf1", "offset1e4", "offset-1e4", "offset1e6", "scale1e-20", "scale1e-5",
            "scale1e10", "scale1e18", "scale3e19", "scale1e37", "scale3e38");
    /** Not down to single denormal steps: dweight of an evaluation is beyond floats then, see docs/semantics.md. */
    private static final List<String> TINY_VALUES = List.of("denormal", "scale1e-40", "scale1e-38", "scale1e-36");
    /** What F16 can tell from nothing and from infinity, and some that it cannot. */
    private static final List<String> HALF_VALUES = List.of("zero", "ones", "const", "constchan", "chanscales", "spike",
            "nan1", "inf1", "ninf1", "denormal", "scale1e-7", "scale1e-5", "scale1e-3", "scale1e3", "scale3e4",
            "scale1e18");
    /** No outliers: they ask more of an x̂ near 0 than floats hold, see "Precision" in docs/semantics.md. */
    private static final List<String> ODD_GRADIENTS = List.of("zero", "ones", "const", "constchan", "spike", "nan1",
            "inf1", "offset1e4", "scale1e-20", "scale1e10");
    private static final List<Activation> ACTIVATIONS = List.of(Activation.RELU, Activation.leakyRelu(0.01),
            Activation.leakyRelu(-0.5), Activation.SILU, Activation.GELU, Activation.GELU_TANH);
    private static final List<Correction> CORRECTIONS = List.of(new Correction(3, 5), new Correction(1.5, 0.25),
            new Correction(1, 0.5), new Correction(2, 0));
    /** Samples whose lengths are listed. */
    private static final int MOST_LISTED = 20;
    private static final double[] ODD_EPS = {0, 0, 1e-12, 1e-8, 1e-3, 1};
    private static final double[] ODD_MOMENTA = {0, 1, 0.37, 0.001};

    private final Random random;
    private final List<String> values;

    /**
     * A source of workloads.
     *
     * @param seed      decides them all
     * @param denormals whether values may be so small that floats have fewer digits
     */
    public RandomWorkloads(long seed, boolean denormals) {
        random = new Random(seed);
        values = denormals ? concatenated(ODD_VALUES, TINY_VALUES) : ODD_VALUES;
    }

    private static List<String> concatenated(List<String> some, List<String> more) {
        return Stream.concat(some.stream(), more.stream()).toList();
    }

    /**
     * The next workload.
     *
     * @return one that its layer accepts
     */
    public Workload next() {
        while (true) {
            LayerKind kind = LayerKind.values()[random.nextInt(LayerKind.values().length)];
            Workload workload = kind.mayTrack() ? tracking(kind) : kind == LayerKind.GROUP_NORM ? group() : last(kind);
            if (accepted(workload)) {
                return workload;
            }
        }
    }

    private Workload tracking(LayerKind kind) {
        boolean batch = kind == LayerKind.BATCH_NORM;
        boolean unbatched = !batch && chance(0.15);
        int spatial = 1 + random.nextInt(3);
        int space = batch && spatial == 1 && chance(0.5) ? 0 : spatial;
        Shape shape = shape((unbatched ? 1 : 2) + space);
        boolean track = chance(batch ? 0.85 : 0.4);
        OptionalDouble momentum = !track || chance(0.6) ? OptionalDouble.of(0.1)
                : batch && chance(0.4) ? OptionalDouble.empty() : OptionalDouble.of(one(ODD_MOMENTA));
        VarianceEstimate variance = track && chance(0.15) ? VarianceEstimate.BIASED : VarianceEstimate.UNBIASED;
        LayerSpec spec = new LayerSpec(kind, spatial, shape.dim(unbatched ? 0 : 1), 0, null, eps(), momentum,
                chance(0.8), chance(0.85), track, variance);
        return workload(spec, shape, unbatched);
    }

    private Workload group() {
        long[] dims = shape(2 + random.nextInt(4)).dims();
        long groups = 1 + random.nextInt(6);
        dims[1] = groups * Math.max(1, dims[1] / groups);
        LayerSpec spec = plain(LayerKind.GROUP_NORM, dims[1], groups, null);
        return workload(spec, Shape.of(dims), false);
    }

    private Workload last(LayerKind kind) {
        Shape shape = shape(1 + random.nextInt(4));
        long[] dims = shape.dims();
        int first = random.nextInt(dims.length);
        boolean scattered = chance(0.2);
        List<Integer> axes = IntStream.range(0, scattered ? dims.length : 0).filter(dim -> dim == first || chance(0.4))
                .boxed().toList();
        Shape normalized = scattered ? Shape.of(axes.stream().mapToLong(shape::dim).toArray())
                : Shape.of(Arrays.copyOfRange(dims, first, dims.length));
        LayerSpec spec = plain(kind, 0, 0, normalized).arranged(Arrangement.USUAL.axes(axes));
        return workload(spec, shape, false);
    }

    /** Most in the plain form. A corner is met by one step alone: running statistics are not the reference's then. */
    private Workload workload(LayerSpec plain, Shape shape, boolean unbatched) {
        Trial trial = trial(unbatched, plain);
        boolean zeroCentered = plain.kind().overLast() && chance(0.2);
        Activation activation = chance(0.75) ? Activation.NONE : one(ACTIVATIONS);
        if (activation.hasCorner() && trial.steps().length() > 1) {
            activation = Activation.SILU;
        }
        Join join = chance(0.8) ? Join.NONE : chance(0.5) ? Join.BEFORE : Join.AFTER;
        boolean rectified = activation.equals(Activation.NONE) || activation.equals(Activation.RELU);
        LayerSpec arranged = corrected(plain.arranged(arranged(plain, shape)));
        Join allowed = join == Join.AFTER && !rectified ? Join.BEFORE : join;
        return sequences(new Workload(arranged.in(zeroCentered, activation, allowed), shape, trial));
    }

    /** Now and then with lengths, short ones and none among them, where the layer takes them. */
    private Workload sequences(Workload whole) {
        LayerSpec spec = whole.spec();
        boolean refused = spec.join() != Join.NONE || whole.trial().unbatched() || spec.arrangement().virtualBatch() > 0
                || spec.kind() == LayerKind.INSTANCE_NORM && spec.track() || whole.shape().size() == 0
                || whole.stored().rank() <= spec.time();
        if (refused || chance(0.8)) {
            return whole;
        }
        int samples = Math.toIntExact(whole.stored().dim(0));
        int steps = Math.toIntExact(whole.stored().dim(spec.time()));
        Endings endings = samples > MOST_LISTED ? chance(0.5) ? Endings.RANDOM : Endings.FULL
                : new Endings(IntStream.range(0, samples).mapToObj(n -> chance(0.2) ? "0" : chance(0.2) ? "" + steps
                        : "" + random.nextInt(steps + 1)).collect(Collectors.joining("x")));
        return new Workload(spec.arranged(spec.arrangement().endings(endings)), whole.shape(), whole.trial());
    }

    private LayerSpec corrected(LayerSpec spec) {
        boolean can = spec.kind() == LayerKind.BATCH_NORM && spec.track() && spec.arrangement().virtualBatch() == 0;
        return can && chance(0.2) ? spec.correcting(CORRECTIONS.get(random.nextInt(CORRECTIONS.size()))) : spec;
    }

    private Arrangement arranged(LayerSpec plain, Shape shape) {
        Arrangement arrangement = plain.arrangement();
        if (!plain.kind().overLast() && chance(0.15)) {
            arrangement = arrangement.layout(Layout.CHANNELS_LAST);
        }
        if (plain.kind() == LayerKind.BATCH_NORM && chance(0.15)) {
            long samples = shape.dim(0);
            long most = 1 + random.nextInt(4);
            arrangement = arrangement.virtualBatch(samples % most == 0 ? Math.max(1, samples / most) : samples);
        }
        return arrangement;
    }

    private LayerSpec plain(LayerKind kind, long channels, long groups, Shape normalized) {
        return new LayerSpec(kind, 0, channels, groups, normalized, eps(), OptionalDouble.of(0.1), chance(0.8),
                chance(0.85), false, VarianceEstimate.UNBIASED);
    }

    private Trial trial(boolean unbatched, LayerSpec spec) {
        StringBuilder steps = new StringBuilder();
        int count = chance(0.7) ? 1 : 2 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            steps.append(chance(0.7) ? 't' : 'e');
        }
        DataType type = chance(0.65) ? DataType.F32 : chance(0.5) ? DataType.F16 : DataType.BF16;
        boolean stored = chance(0.4) && spec.affine() && type != DataType.F32;
        Family x = Family.parse(chance(0.45) ? "normal" : one(type == DataType.F16 ? HALF_VALUES : values));
        Family dy = Family.parse(chance(0.75) ? "normal" : one(ODD_GRADIENTS));
        boolean backward = chance(0.95);
        return new Trial(unbatched, steps.toString(), x, dy, random.nextInt(1_000_000), backward, frozen(spec),
                chance(0.2), type, stored);
    }

    private Set<String> frozen(LayerSpec spec) {
        Set<String> frozen = new TreeSet<>();
        if (spec.affine() && chance(0.1)) {
            frozen.add("weight");
        }
        if (spec.bias() && chance(0.1)) {
            frozen.add("bias");
        }
        if (spec.track() && chance(0.05)) {
            frozen.add("statistics");
        }
        return frozen;
    }

    private double eps() {
        return chance(0.7) ? 1e-5 : one(ODD_EPS);
    }

    /** Small dimensions, one of which grows now and then. */
    private Shape shape(int rank) {
        long[] dims = new long[rank];
        for (int i = 0; i < rank; i++) {
            dims[i] = chance(0.15) ? 1 : 1 + random.nextInt(rank > 3 ? 7 : 17);
        }
        double size = random.nextDouble();
        long most = size < 0.75 ? 0 : size < 0.97 ? 30_000 : 400_000;
        int grown = random.nextInt(rank);
        long others = Shape.of(dims).size() / dims[grown];
        if (others * dims[grown] < most) {
            dims[grown] = 1 + (long) (random.nextDouble() * most / others);
        }
        if (chance(0.01) && rank > 1) {
            dims[0] = 0;
        }
        return Shape.of(dims);
    }

    /** Layers refuse groups of one value. */
    private static boolean accepted(Workload workload) {
        LayerSpec spec = workload.spec();
        Shape shape = workload.shape();
        int channelDim = workload.trial().unbatched() ? 0 : 1;
        boolean batch = !spec.track() || workload.trial().steps().contains("t");
        return switch (spec.kind()) {
            case BATCH_NORM -> !batch || together(spec, shape) * shape.size(2, shape.rank()) != 1
                    && validValues(workload) != 1;
            case INSTANCE_NORM -> spec.channels() > 0 && (!batch || shape.size(channelDim + 1, shape.rank()) > 1);
            case GROUP_NORM -> shape.size() != spec.groups();
            case LAYER_NORM, RMS_NORM -> spec.normalized().size() > 0;
        };
    }

    /** Of a channel of all samples. */
    private static long validValues(Workload workload) {
        long valid = 0;
        for (boolean one : workload.spec().valid(workload.stored())) {
            valid += one ? 1 : 0;
        }
        return valid / Math.max(1, workload.spec().channels());
    }

    private static long together(LayerSpec spec, Shape shape) {
        long virtual = spec.arrangement().virtualBatch();
        return virtual > 0 && shape.size() > 0 ? virtual : shape.dim(0);
    }

    private boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    private <T> T one(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    private double one(double[] choices) {
        return choices[random.nextInt(choices.length)];
    }
}
