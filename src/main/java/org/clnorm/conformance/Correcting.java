package org.clnorm.conformance;

import java.util.Arrays;
import org.clnorm.NormLayer;
import org.clnorm.Parameter;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;

/**
 * Batch renormalization around a layer that knows only batch normalization: gives it the weight and the bias that a
 * step comes to, and makes the step's gradients of theirs.
 */
final class Correcting {
    private final Case what;
    private final double[] weight;
    private final double[] bias;
    private Correction.Factors factors;
    private double[] dweight;
    private double[] dbias;

    Correcting(Case what) {
        this.what = what;
        weight = parameter("weight", 1);
        bias = parameter("bias", 0);
    }

    private double[] parameter(String name, double otherwise) {
        if (what.initial().contains(name)) {
            return what.initial().doubles(name);
        }
        double[] values = new double[Math.toIntExact(what.spec().channels())];
        Arrays.fill(values, otherwise);
        return values;
    }

    /** Gets the layer ready for a step. */
    void begin(NormLayer layer, CaseStep step, double[] x) {
        boolean corrects = step.training() && !what.statisticsFrozen();
        factors = corrects ? what.spec().correction().of(what.spec(), Shape.of(step.x().shape()), x, layer.stateDict())
                : Correction.none(what.spec());
        layer.parameters().get("weight").write(factors.weight(weight));
        layer.parameters().get("bias").write(factors.bias(weight, bias));
    }

    /** After a step's backward pass: the gradients of all steps so far, or of this one. */
    void end(NormLayer layer, StateDict judged, StateDict results, int k) {
        Parameter within = layer.parameters().get("weight");
        double[] sums = layer.parameters().get("bias").grad().readDoubles();
        dweight = put("dweight", factors.gradient(within.grad().readDoubles(), sums), dweight, judged, results, k);
        dbias = put("dbias", sums, dbias, judged, results, k);
    }

    private double[] put(String name, double[] gradient, double[] former, StateDict judged, StateDict results, int k) {
        String parameter = name.substring(1);
        if (what.initial().contains(parameter) && !what.frozen().contains(parameter)) {
            String last = k - 1 + "." + name;
            boolean rounded = judged != null && what.parameterType() != DataType.F32 && judged.contains(last);
            double[] begun = rounded ? judged.doubles(last) : former;
            if (what.accumulates() && begun != null) {
                Arrays.setAll(gradient, c -> gradient[c] + begun[c]);
            }
            results.put(k + "." + name, HostTensor.ofDoubles(gradient, gradient.length));
        }
        return gradient;
    }
}
