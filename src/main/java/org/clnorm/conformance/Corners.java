package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.List;
import org.clnorm.NormLayer;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;

/**
 * Keeps gradients away from the corner of an activation: which side an element is on that is 0 but for rounding, nobody
 * can say, and its gradient would reach all of its group.
 */
final class Corners {
    /** Of the largest value, how near to the corner is too near; far more than the contract allows y to be off. */
    private static final double NEAR = 1e-5;

    private Corners() {
    }

    /** The same case, with gradients of 0 near the corner. */
    static Case avoid(Case what) {
        List<CaseStep> steps = new ArrayList<>();
        try (Device cpu = Device.cpu(); NormLayer layer = what.plainly().on(cpu)) {
            for (int k = 0; k < what.steps().size(); k++) {
                CaseStep step = what.steps().get(k);
                steps.add(step.gradient(cleared(step.dy(), inner(what, layer.train(step.training()), k, cpu))));
            }
        }
        return what.expecting(steps);
    }

    private static double[] inner(Case what, NormLayer layer, int k, Device cpu) {
        CaseStep step = what.steps().get(k);
        try (Scope scope = cpu.scope()) {
            double[] x = Surroundings.normalized(what.spec(), step, what.storage(k));
            if (what.spec().corrects()) {
                new Correcting(what).begin(layer, step, x);
            }
            double[] affine = what.spec().forward(layer, cpu.empty(DataType.F64, Shape.of(step.x().shape())).write(x))
                    .readDoubles();
            return new Surroundings(what.spec(), step).inner(affine);
        }
    }

    private static HostTensor cleared(HostTensor dy, double[] inner) {
        double largest = 0;
        for (double v : inner) {
            largest = Double.isFinite(v) ? Math.max(largest, Math.abs(v)) : largest;
        }
        double[] values = dy.toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.abs(inner[i]) <= NEAR * largest ? 0 : values[i];
        }
        ElementType type = dy.type();
        return HostTensor.of(type, values, dy.shape());
    }
}
