package org.clnorm.conformance;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import org.clnorm.NormLayer;
import org.clnorm.Parameter;
import org.clnorm.TrackingLayer;
import org.clnorm.VarianceEstimate;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A layer that is trained over thousands of steps, and its mirror: the same layer on the CPU engine in double, which is
 * given the same inputs and never sees what the device computes. Every so often a step is held to the contract, and the
 * state to the mirror's; and the layer is saved, and another one goes on with what was saved.
 */
public final class Trainee implements AutoCloseable {
    private static final int JUDGED = 8;
    private static final int RELOADED = 250;
    private static final double RATE = 0.01;
    private static final double FORGET = 0.01;
    /**
     * Each step rounds a weight by 2^-24 of it at most and forgets a hundredth of what was rounded before, which comes
     * to 6e-6; the error of a gradient adds less.
     */
    private static final double DRIFT = 2e-5;

    private final long seed;
    private final Venue venue;
    private final Device cpu;
    private final double slack;
    private final LayerSpec spec;
    private final Shape shape;
    private final DataType type;
    private final NormLayer mirror;
    private NormLayer layer;
    private int steps;
    private int trained;

    /** Layer and shape are decided by one seed, the values by another. */
    public Trainee(long layerSeed, long seed, Venue venue, Device cpu, double slack) {
        this.seed = seed;
        this.venue = venue;
        this.cpu = cpu;
        this.slack = slack;
        Random random = new Random(layerSeed);
        LayerKind kind = LayerKind.values()[random.nextInt(LayerKind.values().length)];
        long groups = 1 + random.nextInt(3);
        shape = Shape.of(2 + random.nextInt(8), groups * (1 + random.nextInt(8)), 2 + random.nextInt(7),
                2 + random.nextInt(7));
        type = List.of(DataType.F32, DataType.F32, DataType.F16, DataType.BF16).get(random.nextInt(4));
        OptionalDouble momentum = kind == LayerKind.BATCH_NORM && random.nextInt(3) == 0 ? OptionalDouble.empty()
                : OptionalDouble.of(0.1);
        spec = new LayerSpec(kind, kind.mayTrack() ? 2 : 0, kind.overLast() ? 0 : shape.dim(1),
                kind == LayerKind.GROUP_NORM ? groups : 0,
                kind.overLast() ? Shape.of(shape.dim(2), shape.dim(3)) : null, 1e-5, momentum, true, true,
                kind.mayTrack(), VarianceEstimate.UNBIASED);
        mirror = spec.layer(DataType.F64).on(cpu);
        layer = spec.layer(DataType.F32);
        venue.attempt(null, () -> layer.on(venue.device()));
    }

    /** How many steps it has made. */
    public int steps() {
        return steps;
    }

    /** How many tensors it holds. */
    public long tensors() {
        long gradients = layer.parameters().values().stream().filter(Parameter::hasGrad).count();
        return layer.parameters().size() + gradients + (spec.track() ? 2 : 0);
    }

    /** One step; throws if something is not as it should be. */
    public void step() {
        Random random = new Random(seed * 31 + steps);
        boolean training = random.nextInt(6) > 0;
        double[] x = values(random, random.nextGaussian(), 1 + random.nextInt(3));
        double[] dy = values(random, 0, 1);
        CaseStep step = new CaseStep(training, stored(x), stored(dy));
        StateDict before = layer.stateDict();
        Case what = new Case(this + ", step " + steps, spec, before, List.of(step), Set.of(), Set.of(), false);
        StateDict results = new CaseInWays(what, venue, random).step(layer, 0);
        trained += training ? 1 : 0;
        if (steps % JUDGED == 0) {
            List<Verdict> faults = CaseInWays.faults(what, results, cpu, slack);
            if (!faults.isEmpty()) {
                throw new IllegalStateException(what + ": " + faults);
            }
        }
        stepOfMirror(training, x, dy);
        for (Parameter parameter : layer.parameters().values()) {
            parameter.write(moved(parameter.read(), results.doubles("0.d" + parameter.name())));
        }
        steps++;
        if (steps % JUDGED == 0) {
            compare();
        }
        if (steps % RELOADED == 0) {
            reload();
        }
    }

    private void stepOfMirror(boolean training, double[] x, double[] dy) {
        mirror.train(training);
        try (Scope scope = cpu.scope()) {
            mirror.forward(tensor(x));
            mirror.backward(tensor(dy));
            for (Parameter parameter : mirror.parameters().values()) {
                parameter.write(moved(parameter.read(), parameter.grad().readDoubles()));
            }
        }
    }

    private Tensor tensor(double[] values) {
        return cpu.tensor(values, shape.dims());
    }

    /** Towards the gradient's mean over the elements of a parameter, and a little towards 0. */
    private double[] moved(double[] parameter, double[] gradient) {
        double elements = (double) shape.size() / parameter.length;
        double[] moved = new double[parameter.length];
        Arrays.setAll(moved, i -> (1 - FORGET) * parameter[i] - RATE * gradient[i] / elements);
        return moved;
    }

    /** As x and dy are stored. */
    private double[] values(Random random, double mean, double deviation) {
        double[] values = new double[Math.toIntExact(shape.size())];
        Arrays.setAll(values, i -> type.round(mean + deviation * random.nextGaussian()));
        return values;
    }

    private HostTensor stored(double[] values) {
        return HostTensor.of(ElementType.of(type), values, shape.dims());
    }

    private void compare() {
        StateDict state = layer.stateDict();
        mirror.stateDict().tensors().forEach((name, expected) -> {
            if (name.equals(CaseRunner.BATCHES)) {
                if (state.longs(name)[0] != expected.toLongs()[0]) {
                    throw new IllegalStateException(this + ": expected " + expected.toLongs()[0] + " batches, got "
                            + state.longs(name)[0]);
                }
            } else {
                compare(name, expected.toDoubles(), state.doubles(name));
            }
        });
    }

    /** An average of all batches forgets nothing: half an ulp a step. */
    private void compare(String name, double[] expected, double[] got) {
        double drift = DRIFT + (name.startsWith("running") && spec.momentum().isEmpty() ? trained * 0x1p-24 : 0);
        double scale = Math.max(1, Arrays.stream(expected).map(Math::abs).max().orElse(0));
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(expected[i] - got[i]) <= drift * scale)) {
                throw new IllegalStateException(this + ", " + name + " after " + steps + " steps: expected "
                        + expected[i] + " at " + i + ", as in double all along, got " + got[i]);
            }
        }
    }

    private void reload() {
        NormLayer fresh = spec.layer(DataType.F32);
        try {
            venue.attempt(null, () -> fresh.on(venue.device()));
            StateDict state = venue.attempt(layer, layer::stateDict);
            state.save(venue.file());
            venue.attempt(fresh, () -> fresh.loadStateDict(StateDict.load(venue.file())));
        } catch (RuntimeException failed) {
            fresh.close();
            throw failed;
        }
        layer.close();
        layer = fresh;
    }

    @Override
    public void close() {
        layer.close();
        mirror.close();
    }

    @Override
    public String toString() {
        String momentum = layer instanceof TrackingLayer && spec.momentum().isEmpty() ? ", cumulative" : "";
        return "a " + spec.kind().label() + " of " + shape + " " + type + momentum;
    }
}
