package org.clnorm.bench;

/**
 * One pass of two workloads, timed in turns: what disturbs the machine disturbs both.
 *
 * @param workload    one of them
 * @param beside      the other
 * @param pass        {@code forward} or {@code backward}
 * @param medianRatio the first one's time over the other's, by medians
 * @param minRatio    the same by minima
 */
public record TurnTimes(String workload, String beside, String pass, double medianRatio, double minRatio) {
    static TurnTimes of(BenchLine line, BenchLine other, String pass, Samples own, Samples others) {
        return new TurnTimes(line.text(), other.text(), pass, own.median() / others.median(), own.min() / others.min());
    }
}
