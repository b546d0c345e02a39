package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a run of checks found: counts and the worst error for each layer, tensor and kernel set, and the failures. */
public final class CheckReport {
    private final Map<List<String>, Row> rows = new TreeMap<>(
            Comparator.<List<String>, String>comparing(key -> key.get(0)).thenComparing(key -> order(key.get(1)))
                    .thenComparing(key -> key.get(2)));
    private final List<Failure> failures = new ArrayList<>();
    private int cases;

    /** An empty report. */
    public CheckReport() {
    }

    /**
     * What is known of a tensor.
     *
     * @param layer      the kind of layer
     * @param tensor     the tensor's name
     * @param kernels    the kernel set
     * @param cases      how many cases had such a tensor
     * @param failed     how many of them failed the contract
     * @param worstError the largest error, relative to scale
     */
    public record Row(String layer, String tensor, String kernels, int cases, int failed, double worstError) {
        private Row with(boolean passed, double error) {
            return new Row(layer, tensor, kernels, cases + 1, failed + (passed ? 0 : 1), Math.max(worstError, error));
        }
    }

    /**
     * A case that failed.
     *
     * @param workload the line that makes the case again
     * @param kernels  the kernel set
     * @param verdicts what is wrong with each tensor that is not as it should be
     */
    public record Failure(String workload, String kernels, List<Verdict> verdicts) {
        /**
         * The verdict of the first tensor that went wrong.
         *
         * @return the verdict
         */
        public Verdict first() {
            return verdicts.get(0);
        }
    }

    private static int order(String tensor) {
        int order = CaseRunner.TENSORS.indexOf(tensor);
        return order < 0 ? CaseRunner.TENSORS.size() + tensor.length() : order;
    }

    /**
     * Adds a case.
     *
     * @param workload the workload
     * @param kernels  the kernel set it ran with
     * @param verdicts the verdicts on its tensors, of all steps
     */
    public void add(Workload workload, String kernels, List<Verdict> verdicts) {
        cases++;
        Map<String, Verdict> tensors = new TreeMap<>();
        for (Verdict verdict : verdicts) {
            tensors.merge(verdict.tensor(), verdict, CheckReport::worse);
        }
        tensors.forEach((tensor, verdict) -> rows.merge(List.of(workload.kind().label(), tensor, kernels),
                new Row(workload.kind().label(), tensor, kernels, 0, 0, 0).with(verdict.passed(), verdict.error()),
                (row, fresh) -> row.with(verdict.passed(), verdict.error())));
        List<Verdict> wrong = verdicts.stream().filter(verdict -> !verdict.passed()).toList();
        if (!wrong.isEmpty()) {
            failures.add(new Failure(workload.toString(), kernels, wrong));
        }
    }

    private static Verdict worse(Verdict one, Verdict other) {
        if (one.passed() != other.passed()) {
            return one.passed() ? other : one;
        }
        return one.error() >= other.error() ? one : other;
    }

    /**
     * The number of cases that were run, counting each kernel set.
     *
     * @return the number
     */
    public int cases() {
        return cases;
    }

    /**
     * The rows by layer, tensor and kernel set.
     *
     * @return the rows in order
     */
    public List<Row> rows() {
        return List.copyOf(rows.values());
    }

    /**
     * The cases that failed.
     *
     * @return the failures in order of running
     */
    public List<Failure> failures() {
        return Collections.unmodifiableList(failures);
    }

    /**
     * Whether something ran and nothing failed.
     *
     * @return true if so
     */
    public boolean passed() {
        return cases > 0 && failures.isEmpty();
    }
}
