package org.clnorm.conformance;

import java.util.List;
import java.util.Random;
import org.clnorm.AddNorm;
import org.clnorm.Lengths;
import org.clnorm.NormAdd;
import org.clnorm.NormLayer;
import org.clnorm.PaddedNorm;
import org.clnorm.Parameter;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * Runs a case as {@link CaseRunner} does, each pass in one of the ways that a layer offers: into new tensors, into
 * given ones, in place, recomputed from x; and with the layer saved and loaded between steps.
 */
public final class CaseInWays {
    private final Case what;
    private final Venue venue;
    private final Random random;
    private final StateDict results = new StateDict();

    /** Ways are chosen by a random number. */
    public CaseInWays(Case what, Venue venue, Random random) {
        this.what = what;
        this.venue = venue;
        this.random = random;
    }

    /**
     * What comes out differs from the CPU engine's by no more than the contract and a slack.
     *
     * @return what does not
     */
    public static List<Verdict> faults(Case what, StateDict results, Device cpu, double slack) {
        return Comparison.verdicts(Expectations.judging(what, cpu, results), results, slack, 0).stream()
                .filter(verdict -> !verdict.passed()).toList();
    }

    /** A random workload, with the values of another seed. */
    public static Workload workload(long seed, boolean denormals, int values) {
        Workload drawn = new RandomWorkloads(seed, denormals).next();
        Trial trial = drawn.trial();
        return new Workload(drawn.spec(), drawn.shape(), new Trial(trial.unbatched(), trial.steps(), trial.x(),
                trial.dy(), values, trial.backward(), trial.frozen(), trial.accumulate(), trial.dataType(),
                trial.stored()));
    }

    /** All steps, as {@link CaseRunner#run(Case, Device)}. */
    public StateDict run() {
        NormLayer layer = placed();
        try {
            for (int k = 0; k < what.steps().size(); k++) {
                if (k > 0 && !what.accumulates() && random.nextBoolean()) {
                    layer = reloaded(layer);
                }
                step(layer, k);
            }
        } finally {
            layer.close();
        }
        return results;
    }

    private NormLayer placed() {
        NormLayer layer = what.layer(what.parameterType());
        venue.attempt(null, () -> layer.on(venue.device()));
        return layer;
    }

    private NormLayer reloaded(NormLayer layer) {
        NormLayer fresh = placed();
        try {
            reload(layer, fresh);
        } catch (RuntimeException failed) {
            fresh.close();
            throw failed;
        }
        layer.close();
        return fresh;
    }

    /** Brings the state of a layer into another through a file. */
    private void reload(NormLayer from, NormLayer to) {
        StateDict state = venue.attempt(from, from::stateDict);
        state.save(venue.file());
        StateDict loaded = StateDict.load(venue.file());
        if (!loaded.equals(state)) {
            throw new IllegalStateException("expected the state that was saved, " + state + ", got " + loaded);
        }
        venue.attempt(to, () -> to.loadStateDict(loaded));
    }

    /** One step on a layer that is there; gives what comes out of it. */
    StateDict step(NormLayer layer, int k) {
        CaseStep step = what.steps().get(k);
        layer.train(step.training());
        try (Scope scope = venue.device().scope()) {
            Tensor x = tensor(k, step.x());
            if (what.spec().join() != Join.NONE) {
                added(layer, k, x, step);
            } else if (what.spec().arrangement().endings().exist()) {
                sequences(layer, k, x, step);
            } else if (step.dy() == null) {
                put(k, "y", forward(layer, x));
            } else {
                both(layer, k, x, step.dy());
            }
        }
        StateDict state = venue.attempt(layer, layer::stateDict);
        for (String name : CaseRunner.STATISTICS) {
            if (state.contains(name)) {
                results.put(k + "." + name, state.get(name));
            }
        }
        return results;
    }

    private void added(NormLayer layer, int k, Tensor x, CaseStep step) {
        Tensor residual = tensor(k, step.residual());
        if (what.spec().join() == Join.BEFORE) {
            before(new AddNorm(layer), layer, k, step, x, residual);
        } else {
            after(new NormAdd(layer), layer, k, step, x, residual);
        }
        putGradients(layer, k, step);
    }

    private void before(AddNorm adding, NormLayer layer, int k, CaseStep step, Tensor x, Tensor residual) {
        Tensor sum = venue.empty(x.type(), x.shape());
        Tensor into = perhaps(x);
        put(k, "y", venue.attempt(layer, () -> into == null ? adding.forward(x, residual, sum)
                : adding.forward(x, residual, sum, into)));
        put(k, "sum", sum);
        if (step.dy() != null) {
            Tensor dy = tensor(k, step.dy());
            Tensor dsum = tensor(k, step.dsum());
            Tensor dx = perhaps(x);
            put(k, "dx", venue.attempt(layer, () -> dx == null ? adding.backward(dy, dsum)
                    : adding.backward(dy, dsum, dx)));
        }
    }

    private void after(NormAdd adding, NormLayer layer, int k, CaseStep step, Tensor x, Tensor residual) {
        Tensor into = perhaps(x);
        put(k, "y", venue.attempt(layer, () -> into == null ? adding.forward(x, residual)
                : adding.forward(x, residual, into)));
        if (step.dy() == null) {
            return;
        }
        Tensor dy = tensor(k, step.dy());
        if (what.spec().activation().equals(Activation.NONE)) {
            put(k, "dx", venue.attempt(layer, () -> layer.backward(dy)));
            put(k, "dresidual", dy);
            return;
        }
        Tensor dresidual = venue.empty(x.type(), x.shape());
        Tensor dx = perhaps(x);
        put(k, "dx", venue.attempt(layer, () -> dx == null ? adding.backward(dy, dresidual)
                : adding.backward(dy, dresidual, dx)));
        put(k, "dresidual", dresidual);
    }

    private void sequences(NormLayer layer, int k, Tensor x, CaseStep step) {
        PaddedNorm padded = new PaddedNorm(layer);
        Lengths lengths = venue.attempt(null, () -> what.spec().arrangement().endings().on(venue.device(), x.shape(),
                what.spec().time()));
        Tensor into = perhaps(x);
        put(k, "y", venue.attempt(layer, () -> into == null ? padded.forward(x, lengths)
                : padded.forward(x, lengths, into)));
        if (step.dy() != null) {
            Tensor dy = tensor(k, step.dy());
            Tensor dx = random.nextBoolean() ? dy : perhaps(x);
            put(k, "dx", venue.attempt(layer, () -> dx == null ? layer.backward(dy) : layer.backward(dy, dx)));
        }
        putGradients(layer, k, step);
    }

    private Tensor perhaps(Tensor model) {
        return random.nextBoolean() ? venue.empty(model.type(), model.shape()) : null;
    }

    private void putGradients(NormLayer layer, int k, CaseStep step) {
        for (Parameter parameter : step.dy() == null ? List.<Parameter>of() : layer.parameters().values()) {
            if (parameter.hasGrad()) {
                put(k, "d" + parameter.name(), parameter.grad());
            }
        }
    }

    private Tensor forward(NormLayer layer, Tensor x) {
        Tensor into = venue.empty(x.type(), x.shape());
        return switch (random.nextInt(5)) {
            case 0 -> venue.attempt(layer, () -> layer.forward(x));
            case 1 -> venue.attempt(layer, () -> layer.forward(x, into));
            case 2 -> venue.attempt(layer, () -> layer.forwardNoGrad(x));
            case 3 -> venue.attempt(layer, () -> layer.forwardNoGrad(x, into));
            default -> venue.attempt(layer, () -> layer.forwardNoGrad(x, x));
        };
    }

    private void both(NormLayer layer, int k, Tensor x, HostTensor gradient) {
        boolean recomputed = random.nextInt(4) == 0;
        Tensor into = random.nextBoolean() ? venue.empty(x.type(), x.shape()) : null;
        put(k, "y", venue.attempt(layer, () -> recomputed
                ? into == null ? layer.forwardNoGrad(x) : layer.forwardNoGrad(x, into)
                : into == null ? layer.forward(x) : layer.forward(x, into)));
        Tensor dy = tensor(k, gradient);
        Tensor place = switch (random.nextInt(4)) {
            case 0 -> null;
            case 1 -> venue.empty(x.type(), x.shape());
            case 2 -> dy;
            default -> x;
        };
        put(k, "dx", venue.attempt(layer, () -> recomputed
                ? place == null ? layer.backwardFrom(x, dy) : layer.backwardFrom(x, dy, place)
                : place == null ? layer.backward(dy) : layer.backward(dy, place)));
        putGradients(layer, k, what.steps().get(k));
    }

    private Tensor tensor(int k, HostTensor values) {
        DataType type = what.storage(k);
        Tensor tensor = venue.empty(type, Shape.of(values.shape()));
        return values.type() == ElementType.F64 ? tensor.write(values.toDoubles()) : tensor.write(values.toFloats());
    }

    private void put(int k, String name, Tensor tensor) {
        results.put(k + "." + name, HostTensor.ofFloats(tensor.read(), tensor.shape().dims()));
    }
}
