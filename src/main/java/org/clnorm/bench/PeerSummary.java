package org.clnorm.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * A peer's ratios over all workloads: geometric means, and the slowest.
 *
 * @param peer          the peer
 * @param forward       geometric mean of the medians' ratios of forward passes, NaN if there are none
 * @param backward      of backward passes
 * @param all           of both
 * @param allByMinima   of both, of the minima's ratios
 * @param slowest       the least of the medians' ratios
 * @param slowestRow    workload and pass that it belongs to
 */
public record PeerSummary(String peer, double forward, double backward, double all, double allByMinima, double slowest,
        String slowestRow) {
    private record Entry(BenchRow row, PeerTimes times) {
    }

    /**
     * Sums up rows.
     *
     * @param rows timed passes
     * @return one for each peer, in the order in which they occur
     */
    public static List<PeerSummary> of(List<BenchRow> rows) {
        Map<String, List<Entry>> entries = new LinkedHashMap<>();
        for (BenchRow row : rows) {
            for (PeerTimes times : row.peers()) {
                entries.computeIfAbsent(times.peer(), peer -> new ArrayList<>()).add(new Entry(row, times));
            }
        }
        return entries.entrySet().stream().map(peer -> of(peer.getKey(), peer.getValue())).toList();
    }

    private static PeerSummary of(String peer, List<Entry> entries) {
        Entry slowest = entries.stream().min(Comparator.comparingDouble(entry -> entry.times.medianRatio()))
                .orElseThrow();
        return new PeerSummary(peer,
                mean(entries, entry -> entry.row.pass().equals("forward"), PeerTimes::medianRatio),
                mean(entries, entry -> entry.row.pass().equals("backward"), PeerTimes::medianRatio),
                mean(entries, entry -> true, PeerTimes::medianRatio), mean(entries, entry -> true, PeerTimes::minRatio),
                slowest.times.medianRatio(), slowest.row.workload() + " " + slowest.row.pass());
    }

    private static double mean(List<Entry> entries, Predicate<Entry> which, ToDoubleFunction<PeerTimes> ratio) {
        return Math.exp(entries.stream().filter(which).mapToDouble(entry -> Math.log(ratio.applyAsDouble(entry.times)))
                .average().orElse(Double.NaN));
    }
}
