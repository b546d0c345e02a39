package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clnorm.OnEveryDevice;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;

/** The node tests of normalization of the ONNX project, made into cases by {@code scripts/onnx-cases}. */
class OnnxCasesTest {
    private static final int CASES = 46;
    /** y of each, and what the two that train make of their running statistics. */
    private static final int TENSORS = CASES + 2 * 2;
    private static final int LAYER_NORMS = 19;

    private static List<Path> files() {
        try {
            return TestCases.all(Path.of(OnnxCasesTest.class.getResource("/onnx").toURI()));
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @OnEveryDevice
    void agreesWithOnnx(Device device) {
        List<Case> cases = files().stream().map(Case::load).toList();
        assertEquals(CASES, cases.size());
        assertEquals(TENSORS, compared(cases, device));
    }

    /** What ONNX gives as Mean and InvStdDev is what layer normalization normalizes by. */
    @OnEveryDevice
    void normalizesByTheStatisticsOfOnnx(Device device) {
        List<Case> cases = new ArrayList<>();
        for (Path file : files()) {
            StateDict tensors = StateDict.load(file);
            if (tensors.contains("0.mean")) {
                cases.add(normalized(Case.load(file), tensors));
            }
        }
        assertEquals(LAYER_NORMS, compared(cases, device));
    }

    private static int compared(List<Case> cases, Device device) {
        List<String> faults = new ArrayList<>();
        int tensors = 0;
        for (Case what : cases) {
            for (Verdict verdict : Comparison.verdicts(what, CaseRunner.run(what, device))) {
                tensors++;
                if (!verdict.passed()) {
                    faults.add(what + " " + verdict);
                }
            }
        }
        assertEquals(List.of(), faults);
        return tensors;
    }

    /** The layer without its affine, whose y should be (x − mean) · rstd. */
    private static Case normalized(Case what, StateDict tensors) {
        double[] mean = tensors.doubles("0.mean");
        double[] rstd = tensors.doubles("0.inv_std_dev");
        double[] y = what.x().toDoubles();
        int size = y.length / mean.length;
        for (int i = 0; i < y.length; i++) {
            y[i] = (y[i] - mean[i / size]) * rstd[i / size];
        }
        LayerSpec spec = what.spec();
        LayerSpec bare = new LayerSpec(spec.kind(), 0, 0, 0, spec.normalized(), spec.eps(), spec.momentum(), false,
                false, false, spec.variance());
        Expected expected = new Expected(HostTensor.ofDoubles(y, what.x().shape()), Double.NaN);
        List<CaseStep> steps = List.of(what.steps().get(0).expecting(Map.of("y", expected), -1));
        return Expectations.scaled(new Case(what.name(), bare, new StateDict(), steps, what.tags(), what.frozen(),
                what.accumulates()));
    }
}
