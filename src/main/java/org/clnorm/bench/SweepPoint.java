package org.clnorm.bench;

/**
 * A workload of a sweep.
 *
 * @param sweep  the sweep
 * @param series what it has in common with others of the sweep, whose length differs
 * @param length its length
 * @param line   the workload
 */
public record SweepPoint(Sweep sweep, String series, long length, BenchLine line) {
    boolean isSeriesOf(SweepPoint other) {
        return sweep == other.sweep && series.equals(other.series);
    }
}
