package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;

/** Makes the case that a workload's line describes. Every tensor has a random generator of its own. */
final class CaseMaker {
    private final Workload workload;
    private final LayerSpec spec;
    private final Trial trial;

    private CaseMaker(Workload workload) {
        this.workload = workload;
        this.spec = workload.spec();
        this.trial = workload.trial();
    }

    static Case make(Workload workload) {
        return new CaseMaker(workload).make();
    }

    private Case make() {
        List<CaseStep> steps = new ArrayList<>();
        for (int k = 0; k < workload.steps(); k++) {
            HostTensor x = stored(trial.dataType(), padded(inputs(k + ".x")), workload.stored());
            HostTensor dy = !trial.backward() ? null
                    : stored(trial.dataType(), padded(gradients(k + ".dy")), workload.stored());
            HostTensor residual = spec.join() == Join.NONE ? null : ordinary(k + ".residual");
            HostTensor dsum = spec.join() == Join.BEFORE && dy != null ? ordinary(k + ".dsum") : null;
            steps.add(new CaseStep(trial.steps().charAt(k) == 't', x, dy, residual, dsum, Map.of(), -1));
        }
        Case made = new Case(workload.toString(), spec, initial(), steps, tags(), trial.frozen(), trial.accumulate());
        return spec.activation().hasCorner() && trial.backward() ? Corners.avoid(made) : made;
    }

    private Set<String> tags() {
        if (spec.eps() == 0) {
            return Set.of("eps0", "formula-dependent");
        }
        return spec.activation().equals(Activation.NONE) ? Set.of() : Set.of("formula-dependent");
    }

    private HostTensor ordinary(String name) {
        return stored(trial.dataType(), values(name, Family.NORMAL), workload.stored());
    }

    private Random random(String tensor) {
        return new Random(trial.seed() * 0x9E3779B97F4A7C15L + tensor.hashCode());
    }

    private float[] inputs(String name) {
        return trial.x().isExact() ? exact().inputs(random(name)) : values(name, trial.x());
    }

    private float[] gradients(String name) {
        return trial.dy().isExact() ? exact().gradients(random(name)) : values(name, trial.dy());
    }

    /** NaN where nothing is valid. */
    private float[] padded(float[] values) {
        boolean[] valid = spec.valid(workload.stored());
        for (int i = 0; i < values.length; i++) {
            values[i] = valid[i] ? values[i] : Float.NaN;
        }
        return values;
    }

    private ExactValues exact() {
        Shape shape = workload.stored();
        return new ExactValues(new Groups(spec, shape, false), Math.toIntExact(shape.size()), trial.seed());
    }

    private float[] values(String name, Family family) {
        return family.in(trial.dataType()).values(workload.stored(),
                spec.arrangement().channelDim(workload.stored(), trial.unbatched()), random(name));
    }

    private StateDict initial() {
        StateDict initial = new StateDict();
        if (spec.affine()) {
            initial.put("weight", parameter("weight"));
        }
        if (spec.bias()) {
            initial.put("bias", parameter("bias"));
        }
        if (spec.track()) {
            initial.put("running_mean", statistic("running_mean", trial.x().in(trial.dataType())::mean));
            initial.put("running_var", statistic("running_var", trial.x().in(trial.dataType())::variance));
            initial.put("num_batches_tracked", HostTensor.ofLongs(new long[] {random("batches").nextInt(3)}));
        }
        return initial;
    }

    private HostTensor parameter(String name) {
        Shape shape = spec.parameterShape();
        return stored(trial.parameterType(), Family.NORMAL.values(shape, shape.rank(), random(name)), shape);
    }

    private static HostTensor stored(DataType type, float[] values, Shape shape) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return HostTensor.of(ElementType.of(type), doubles, shape.dims());
    }

    private HostTensor statistic(String name, ToDoubleFunction<Random> value) {
        Random random = random(name);
        float[] values = new float[Math.toIntExact(spec.channels())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) value.applyAsDouble(random);
        }
        return HostTensor.ofFloats(values, values.length);
    }
}
