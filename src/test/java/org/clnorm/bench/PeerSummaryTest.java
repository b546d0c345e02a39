package org.clnorm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PeerSummaryTest {
    private static BenchRow row(String pass, double... medians) {
        List<PeerTimes> peers = IntStream.range(0, medians.length).mapToObj(i -> new PeerTimes("p" + i,
                "1.0", medians[i], 20, 10, 5, Double.NaN, 0, 0, 0)).toList();
        return new BenchRow("line" + medians[0], pass, 1, 1, 1, 1, 1, "cpu", "v", "why", "d", peers);
    }

    @Test
    void geometricMeansAndTheSlowest() {
        List<PeerSummary> summaries = PeerSummary.of(List.of(row("forward", 20, 10), row("backward", 5),
                row("forward", 80)));
        assertEquals(List.of("p0", "p1"), summaries.stream().map(PeerSummary::peer).toList());
        PeerSummary first = summaries.get(0);
        assertEquals(4, first.forward(), 1e-12);
        assertEquals(0.5, first.backward(), 1e-12);
        assertEquals(2, first.all(), 1e-12);
        assertEquals(4, first.allByMinima(), 1e-12);
        assertEquals(0.5, first.slowest(), 1e-12);
        assertEquals("line5.0 backward", first.slowestRow());
        assertEquals(Double.NaN, summaries.get(1).backward());
        assertEquals(List.of(), PeerSummary.of(List.of(row("forward", new double[] {1}).beside(List.of()))));
    }
}
