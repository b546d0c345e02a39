package org.clnorm.bench;

import java.util.List;
import java.util.Optional;

/**
 * A workload of a sweep.
 *
 * @param sweep  the sweep
 * @param series what it has in common with others of the sweep, whose length differs
 * @param length its length
 * @param line   the workload
 */
public record SweepPoint(Sweep sweep, String series, long length, BenchLine line) {
    /**
     * The power of two that this length is compared with.
     *
     * @param points the points of the sweep, and perhaps of others
     * @return the point of the same series with that length; empty if it is this one, or not there
     */
    public Optional<SweepPoint> neighbour(List<SweepPoint> points) {
        long power = sweep.neighbour(length);
        return points.stream().filter(other -> other.isSeriesOf(this) && other.length == power && power != length)
                .findFirst();
    }

    boolean isSeriesOf(SweepPoint other) {
        return sweep == other.sweep && series.equals(other.series);
    }
}
