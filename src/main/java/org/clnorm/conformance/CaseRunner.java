package org.clnorm.conformance;

import java.util.List;
import org.clnorm.AddNorm;
import org.clnorm.NormAdd;
import org.clnorm.NormLayer;
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

/** Runs cases: the steps in order on one layer, forward and, where there is a dy, backward. */
public final class CaseRunner {
    /** What may come out of a step, besides the count of batches. */
    static final List<String> TENSORS = List.of("y", "sum", "dx", "dresidual", "dweight", "dbias", "running_mean",
            "running_var");

    static final String BATCHES = "num_batches_tracked";

    static final List<String> STATISTICS = List.of("running_mean", "running_var", BATCHES);

    private final Case what;
    private final Device device;
    private final boolean inDouble;
    private final StateDict results = new StateDict();
    /** Where the layer itself is to be spared it, else null. */
    private final Correcting correcting;

    private CaseRunner(Case what, Device device, boolean inDouble) {
        this.what = what;
        this.device = device;
        this.inDouble = inDouble;
        this.correcting = inDouble && what.spec().corrects() ? new Correcting(what) : null;
    }

    /**
     * Runs a case in float32, with tensors of 16 bits where the case has them.
     *
     * @param what   the case
     * @param device where to run it
     * @return for each step k from 0, those that there are of {@code k.y}, {@code k.sum}, {@code k.dx},
     *         {@code k.dresidual}, {@code k.dweight}, {@code k.dbias}, {@code k.running_mean}, {@code k.running_var}
     *         and {@code k.num_batches_tracked}; all F32 but the last
     * @throws IllegalArgumentException if the layer refuses the case
     */
    public static StateDict run(Case what, Device device) {
        return new CaseRunner(what, device, false).run(null);
    }

    /**
     * Runs a case in double, so that nothing is rounded. Before each step but the first, running statistics are those
     * that other results have, and so are gradients of 16 bits that add up: the reference of a step begins where what
     * it judges began.
     */
    static StateDict runInDouble(Case what, Device cpu, StateDict judged) {
        return new CaseRunner(what, cpu, true).run(judged);
    }

    private StateDict run(StateDict judged) {
        try (NormLayer layer = (inDouble ? what.plainly() : what.layer(what.parameterType())).on(device)) {
            for (int k = 0; k < what.steps().size(); k++) {
                if (judged != null && k > 0) {
                    layer.loadStateDict(statistics(judged, k - 1), false);
                    gradients(layer, judged, k - 1);
                }
                step(layer, k, what.steps().get(k), judged);
            }
        }
        return results;
    }

    private static StateDict statistics(StateDict results, int step) {
        StateDict state = new StateDict();
        for (String name : STATISTICS) {
            if (results.contains(step + "." + name)) {
                state.put(name, results.get(step + "." + name));
            }
        }
        return state;
    }

    private void gradients(NormLayer layer, StateDict judged, int step) {
        if (what.parameterType() == DataType.F32 || correcting != null) {
            return;
        }
        for (Parameter parameter : layer.parameters().values()) {
            String name = step + ".d" + parameter.name();
            if (parameter.hasGrad() && judged.contains(name)) {
                parameter.grad().write(judged.doubles(name));
            }
        }
    }

    private void step(NormLayer layer, int k, CaseStep step, StateDict judged) {
        layer.train(step.training());
        try (Scope scope = device.scope()) {
            if (inDouble) {
                around(layer, k, step);
            } else {
                within(layer, k, step);
            }
            if (step.dy() != null && correcting != null) {
                correcting.end(layer, judged, results, k);
            } else if (step.dy() != null) {
                putGradients(layer, k);
            }
        }
        StateDict state = layer.stateDict();
        for (String name : STATISTICS) {
            if (state.contains(name)) {
                results.put(k + "." + name, state.get(name));
            }
        }
    }

    /** The layer does everything. */
    private void within(NormLayer layer, int k, CaseStep step) {
        Tensor x = tensor(k, step.x());
        switch (what.spec().join()) {
            case NONE -> {
                put(k, "y", what.spec().forward(layer, x));
                if (step.dy() != null) {
                    put(k, "dx", layer.backward(tensor(k, step.dy())));
                }
            }
            case BEFORE -> before(new AddNorm(layer), x, k, step);
            case AFTER -> after(new NormAdd(layer), layer, x, k, step);
        }
    }

    private void before(AddNorm layer, Tensor x, int k, CaseStep step) {
        Tensor sum = device.empty(x.type(), x.shape());
        put(k, "y", layer.forward(x, tensor(k, step.residual()), sum));
        put(k, "sum", sum);
        if (step.dy() != null) {
            put(k, "dx", layer.backward(tensor(k, step.dy()), tensor(k, step.dsum())));
        }
    }

    private void after(NormAdd adding, NormLayer layer, Tensor x, int k, CaseStep step) {
        put(k, "y", adding.forward(x, tensor(k, step.residual())));
        if (step.dy() == null) {
            return;
        }
        Tensor dy = tensor(k, step.dy());
        if (what.spec().activation().equals(Activation.NONE)) {
            put(k, "dx", layer.backward(dy));
            put(k, "dresidual", dy);
        } else {
            Tensor dresidual = device.empty(x.type(), x.shape());
            put(k, "dx", adding.backward(dy, dresidual));
            put(k, "dresidual", dresidual);
        }
    }

    /** The layer normalizes, and what stands around that is done here. */
    private void around(NormLayer layer, int k, CaseStep step) {
        Surroundings form = new Surroundings(what.spec(), step);
        double[] x = Surroundings.normalized(what.spec(), step, what.storage(k));
        if (correcting != null) {
            correcting.begin(layer, step, x);
        }
        double[] inner = form.inner(what.spec().forward(layer, tensor(k, form.shaped(x))).readDoubles());
        results.put(k + ".y", form.shaped(form.y(inner)));
        if (what.spec().join() == Join.BEFORE) {
            results.put(k + ".sum", form.shaped(x));
        }
        if (step.dy() != null) {
            HostTensor gradient = form.shaped(form.gradient(inner));
            results.put(k + ".dx", form.shaped(form.dx(layer.backward(tensor(k, gradient)).readDoubles())));
            if (what.spec().join() == Join.AFTER) {
                results.put(k + ".dresidual", gradient);
            }
        }
    }

    private void putGradients(NormLayer layer, int k) {
        for (Parameter parameter : layer.parameters().values()) {
            if (parameter.hasGrad()) {
                put(k, "d" + parameter.name(), parameter.grad());
            }
        }
    }

    private Tensor tensor(int k, HostTensor values) {
        Tensor tensor = device.empty(inDouble ? DataType.F64 : what.storage(k), Shape.of(values.shape()));
        return values.type() == ElementType.F64 ? tensor.write(values.toDoubles()) : tensor.write(values.toFloats());
    }

    private void put(int k, String name, Tensor tensor) {
        long[] dims = tensor.shape().dims();
        results.put(k + "." + name, inDouble ? HostTensor.ofDoubles(tensor.readDoubles(), dims)
                : HostTensor.ofFloats(tensor.read(), dims));
    }
}
