package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clnorm.OnEveryDevice;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;

/** What PyTorch computed in float64, every tensor of every case. */
class CasesTest {
    @OnEveryDevice
    void agreesWithPyTorch(Device device) {
        List<String> faults = new ArrayList<>();
        int tensors = 0;
        for (Path file : TestCases.all()) {
            Case what = Case.load(file);
            StateDict results = CaseRunner.run(what, device);
            for (Verdict verdict : Comparison.verdicts(what, results)) {
                tensors++;
                if (!verdict.passed()) {
                    faults.add(what + " " + verdict);
                }
            }
        }
        assertEquals(674, tensors);
        if (!faults.isEmpty()) {
            fail(faults.size() + " tensors differ:\n" + String.join("\n", faults));
        }
    }

    /**
     * The scales that cases bring along were computed elsewhere. That of the running mean is the largest value there,
     * which is less than the magnitude before cancellation.
     */
    @Test
    void computesTheScalesOfTheCases() {
        for (Path file : TestCases.all()) {
            Case what = Case.load(file);
            Case bare = what.expecting(what.steps().stream().map(CasesTest::withoutScales).toList());
            Case scaled = Expectations.scaled(bare);
            for (int k = 0; k < what.steps().size(); k++) {
                for (String name : what.steps().get(k).expected().keySet()) {
                    double expected = what.steps().get(k).expected().get(name).scale();
                    double got = scaled.steps().get(k).expected().get(name).scale();
                    double allowed = Math.max(1e-6 * expected, Float.MIN_NORMAL);
                    if (name.equals("running_mean")) {
                        assertTrue(got >= expected - allowed, what + " " + k + "." + name);
                    } else {
                        assertEquals(expected, got, allowed, what + " " + k + "." + name);
                    }
                }
            }
        }
    }

    private static CaseStep withoutScales(CaseStep step) {
        Map<String, Expected> expected = new LinkedHashMap<>();
        step.expected().forEach((name, known) -> expected.put(name, new Expected(known.values(), Double.NaN)));
        return step.expecting(expected, step.batches());
    }
}
