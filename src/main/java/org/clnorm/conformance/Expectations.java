package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;

/** Completes cases: what should come out, and the scales that errors are divided by. */
final class Expectations {
    /** Below this a float has fewer digits than the contract asks for. */
    private static final double LEAST_SCALE = Float.MIN_NORMAL;

    private final Case what;
    private final StateDict values;
    private final StateDict states;

    private Expectations(Case what, StateDict values, StateDict states) {
        this.what = what;
        this.values = values;
        this.states = states;
    }

    /** A case from a file, with the scales that the file does not give. */
    static Case scaled(Case what) {
        StateDict expected = new StateDict();
        boolean complete = true;
        for (int k = 0; k < what.steps().size(); k++) {
            for (Map.Entry<String, Expected> entry : what.steps().get(k).expected().entrySet()) {
                expected.put(k + "." + entry.getKey(), entry.getValue().values());
                complete &= !Double.isNaN(entry.getValue().scale());
            }
        }
        return complete ? what : new Expectations(what, expected, expected).complete();
    }

    /**
     * A case with what the CPU engine makes of it in double. Each step begins with the running statistics that the
     * results to be judged have before it, so that no step pays for the rounding of another.
     */
    static Case judging(Case what, Device cpu, StateDict results) {
        return new Expectations(what, CaseRunner.runInDouble(what, cpu, results), results).complete();
    }

    private Case complete() {
        List<CaseStep> steps = new ArrayList<>();
        StateDict before = what.initial();
        Scales former = null;
        for (int k = 0; k < what.steps().size(); k++) {
            CaseStep step = what.steps().get(k);
            Scales scales = new Scales(what, k, before, former);
            steps.add(step.expecting(expected(k, step, scales), batches(k, step)));
            before = after(k, before);
            former = scales;
        }
        return what.expecting(steps);
    }

    private Map<String, Expected> expected(int k, CaseStep step, Scales scales) {
        Map<String, Expected> expected = new LinkedHashMap<>();
        for (String name : CaseRunner.TENSORS) {
            HostTensor tensor = values.tensors().get(k + "." + name);
            Expected known = step.expected().get(name);
            if (known != null && !Double.isNaN(known.scale())) {
                expected.put(name, known);
            } else if (tensor != null) {
                double scale = scales.of(name, what.type(k, name), tensor);
                expected.put(name, new Expected(tensor, Math.max(LEAST_SCALE, scale), scales.ofEitherSign(name)));
            }
        }
        return expected;
    }

    private long batches(int k, CaseStep step) {
        String name = k + "." + CaseRunner.BATCHES;
        return values.contains(name) ? values.longs(name)[0] : step.batches();
    }

    private StateDict after(int k, StateDict before) {
        StateDict after = new StateDict();
        before.tensors().forEach((name, tensor) -> after.put(name,
                states.tensors().getOrDefault(k + "." + name, tensor)));
        return after;
    }
}
