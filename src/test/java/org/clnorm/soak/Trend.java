package org.clnorm.soak;

import java.util.List;
import java.util.function.ToDoubleFunction;

/** How something changes in the second half of a run, by the straight line that fits best. */
final class Trend {
    private Trend() {
    }

    /**
     * By how much the line rises from the middle to the end; caches and compilers have filled up before.
     *
     * @param samples in order of time
     * @param what    what to look at
     * @return its growth in its own unit; NaN where a sample has no value, or there are fewer than three
     */
    static double growth(List<Sample> samples, ToDoubleFunction<Sample> what) {
        List<Sample> half = samples.subList(samples.size() / 2, samples.size());
        if (half.size() < 3) {
            return Double.NaN;
        }
        double time = half.stream().mapToDouble(Sample::seconds).average().orElseThrow();
        double value = half.stream().mapToDouble(what).average().orElseThrow();
        double products = 0;
        double squares = 0;
        for (Sample sample : half) {
            products += (sample.seconds() - time) * (what.applyAsDouble(sample) - value);
            squares += (sample.seconds() - time) * (sample.seconds() - time);
        }
        return products / squares * (half.get(half.size() - 1).seconds() - half.get(0).seconds());
    }
}
