package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Half;

/**
 * Judges results by what a case expects. The one contract for float32: an error of at most 6e-7 of scale on every
 * tensor, 4e-6 for dweight where x itself is denormal. Results of 16 bits may also be off by one unit in the last place
 * of the rounded reference, which counts as no error. NaN must be NaN and Inf the same Inf, except where that depends
 * on the order of operations, or on the sign of a normalized value that is 0 but for rounding; what is beyond the range
 * of the tensor's type must be Inf.
 */
public final class Comparison {
    /** What the contract allows, relative to scale. */
    static final double CONTRACT = 6e-7;

    /** What it allows for dweight where x has fewer digits than a float. */
    static final double DENORMAL_CONTRACT = 4e-6;

    private final boolean anyKind;
    private final double slack;
    private final double leniency;

    private Comparison(boolean anyKind, double slack, double leniency) {
        this.anyKind = anyKind;
        this.slack = slack;
        this.leniency = leniency;
    }

    /**
     * Judges every tensor that the case expects.
     *
     * @param what    the case, with what should come out
     * @param results what came out, see {@link CaseRunner#run}
     * @return a verdict for each, in order
     */
    public static List<Verdict> verdicts(Case what, StateDict results) {
        return verdicts(what, results, 0, 0);
    }

    /**
     * As {@link #verdicts(Case, StateDict)}, with differences up to {@code slack} let pass, and errors up to {@code
     * leniency} of scale where the contract allows less.
     */
    static List<Verdict> verdicts(Case what, StateDict results, double slack, double leniency) {
        Comparison comparison = new Comparison(what.formulaDependent(), slack, leniency);
        List<Verdict> verdicts = new ArrayList<>();
        for (int k = 0; k < what.steps().size(); k++) {
            int step = k;
            boolean denormal = isDenormal(what.steps().get(k).x());
            what.steps().get(k).expected().forEach((name, expected) -> {
                double tolerance = name.equals("dweight") && denormal ? DENORMAL_CONTRACT : CONTRACT;
                verdicts.add(comparison.verdict(step, name, what.type(step, name), Math.max(tolerance, leniency),
                        expected, results));
            });
            if (what.steps().get(k).batches() >= 0) {
                verdicts.add(batches(k, what.steps().get(k).batches(), results));
            }
        }
        return verdicts;
    }

    private static boolean isDenormal(HostTensor x) {
        double largest = Arrays.stream(x.toDoubles()).map(Math::abs).filter(Double::isFinite).max().orElse(0);
        return largest > 0 && largest < Float.MIN_NORMAL;
    }

    private static Verdict batches(int step, long expected, StateDict results) {
        String name = step + "." + CaseRunner.BATCHES;
        String got = results.contains(name) ? Long.toString(results.longs(name)[0]) : "none";
        String fault = got.equals(Long.toString(expected)) ? "" : "expected " + expected + ", got " + got;
        return new Verdict(step, CaseRunner.BATCHES, 0, 0, fault);
    }

    private Verdict verdict(int step, String name, DataType type, double tolerance, Expected expected,
            StateDict results) {
        HostTensor got = results.tensors().get(step + "." + name);
        if (got == null) {
            return new Verdict(step, name, 0, tolerance, "expected a tensor, got none");
        }
        if (!Arrays.equals(got.shape(), expected.values().shape())) {
            return new Verdict(step, name, 0, tolerance, "expected the shape "
                    + Arrays.toString(expected.values().shape()) + ", got " + Arrays.toString(got.shape()));
        }
        return compare(step, name, type, tolerance, expected, got.toDoubles());
    }

    private Verdict compare(int step, String name, DataType type, double tolerance, Expected expected,
            double[] got) {
        double[] values = expected.values().toDoubles();
        double worst = 0;
        String fault = "";
        for (int i = 0; i < values.length; i++) {
            double error = error(type, values[i], got[i], expected.scale(), tolerance, expected.anyKind().get(i));
            if (error > tolerance && error > worst) {
                fault = String.format(Locale.ROOT, "expected %s at %d, got %s: %.2g of scale %.3g", values[i], i,
                        got[i], error, expected.scale());
            }
            worst = Math.max(worst, error);
        }
        return new Verdict(step, name, worst, tolerance, fault);
    }

    /** Relative to scale; infinite where one is finite and the other is not, or both are not and differ. */
    private double error(DataType type, double expected, double got, double scale, double tolerance,
            boolean eitherSign) {
        if (type.bytes() == Short.BYTES && Half.isNear(type, expected, got)) {
            return 0;
        }
        double rounded = type.round(expected);
        if (!Double.isFinite(rounded) || !Double.isFinite(got)) {
            boolean right = Double.compare(rounded, got) == 0
                    || (anyKind || eitherSign) && !Double.isFinite(got) && !Double.isFinite(rounded)
                    || atTheEdge(type, expected, got, tolerance * scale);
            return right ? 0 : Double.POSITIVE_INFINITY;
        }
        double difference = Math.max(0, Math.abs(got - expected) - slack);
        return difference == 0 ? 0 : difference / scale;
    }

    /** Whether a value is so close to the end of the type's range that it may come out on either side. */
    private static boolean atTheEdge(DataType type, double expected, double got, double allowed) {
        return Math.abs(Math.abs(expected) - type.largest()) <= allowed
                && (got == Math.copySign(Double.POSITIVE_INFINITY, expected) || Math.abs(got - expected) <= allowed);
    }
}
