package org.clnorm.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.clnorm.bench.BenchLine;
import org.clnorm.bench.MachineLoad;
import org.clnorm.bench.SweepPoint;

/**
 * What a benchmark is to run.
 *
 * @param named  workloads asked for one by one
 * @param points those of sweeps
 * @param runs   how often each pass is timed
 * @param load   how busy others keep the machine from now on
 */
record Agenda(List<BenchLine> named, List<SweepPoint> points, int runs, MachineLoad load) {
    /** All workloads, each once, however often it was asked for. */
    List<BenchLine> workloads() {
        Map<String, BenchLine> all = new LinkedHashMap<>();
        named.forEach(line -> all.put(line.text(), line));
        points.forEach(point -> all.putIfAbsent(point.line().text(), point.line()));
        return List.copyOf(all.values());
    }

    Set<String> names() {
        return named.stream().map(BenchLine::text).collect(Collectors.toSet());
    }
}
