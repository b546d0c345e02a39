package org.clnorm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clnorm.OnEveryDevice;
import org.clnorm.bench.peer.FakePeer;
import org.clnorm.bench.peer.Peer;
import org.clnorm.bench.peer.PeerException;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A peer that takes 1, 2 and 3 milliseconds forward and twice that backward, beside real devices. */
class SideBySideTest {
    private static final BenchLine LINE = BenchLine.of("group_norm 4x6x5x7 groups=3");
    private static final BenchLine FORWARD_ONLY = BenchLine.of("layer_norm 8x33 normalized_shape=33 backward=false");

    @TempDir
    private Path proc;

    private static BenchReport run(Device device, Peer peer, BenchLine line) {
        try (SideBySide others = new SideBySide(List.of(peer), 3, true)) {
            Bench bench = new Bench(device, others, 1).beside(others);
            bench.run(line, note -> { });
            return bench.report();
        }
    }

    @OnEveryDevice
    void bothPassesAreTimedInTurns(Device device) {
        BenchReport report = run(device, FakePeer.start("honest"), LINE);
        assertEquals(List.of(), report.failures());
        for (BenchRow row : report.rows()) {
            PeerTimes times = row.peers().get(0);
            double twice = row.pass().equals("forward") ? 1 : 2;
            assertEquals(2000 * twice, times.medianUs());
            assertEquals(1000 * twice, times.minUs());
            assertTrue(times.ourMinUs() > 0 && times.ourMinUs() <= times.ourMedianUs(), times.toString());
            assertEquals(times.medianUs() / times.ourMedianUs(), times.medianRatio());
            assertEquals(times.minUs() / times.ourMinUs(), times.minRatio());
            assertTrue(times.error() < 6e-7 && times.ourError() < 6e-7, times.toString());
            assertEquals(Double.NaN, times.deviceMedianUs());
        }
        assertEquals(2, report.rows().size());
    }

    @Test
    void aForwardPassMayBeAll() {
        try (Device device = Device.cpu()) {
            BenchReport report = run(device, FakePeer.start("device"), FORWARD_ONLY);
            assertEquals(1, report.rows().size());
            assertEquals(1000, report.rows().get(0).peers().get(0).deviceMedianUs());
        }
    }

    @Test
    void whoComputesSomethingElseIsNotTimed() {
        try (Device device = Device.cpu()) {
            BenchReport report = run(device, FakePeer.start("wrong"), LINE);
            String failure = report.failures().get(0);
            assertTrue(failure.startsWith(LINE.text() + ": fake computes something else, not timed: 0.y: "), failure);
            assertTrue(report.rows().stream().allMatch(row -> row.peers().isEmpty()));
            assertEquals(2, report.rows().size(), "ours are timed all the same");
        }
    }

    @Test
    void whoDoesNotDoItIsNotTimed() {
        try (Device device = Device.cpu()) {
            BenchReport report = run(device, FakePeer.start("refuses"), LINE);
            assertEquals(List.of(LINE.text() + ": fake does not do this: no such layout"), report.failures());
        }
    }

    /** Others use a quarter of the processors between any two looks. */
    private MachineLoad busy() {
        try {
            Path own = Files.createDirectories(proc.resolve(Long.toString(ProcessHandle.current().pid())));
            Files.writeString(own.resolve("stat"), "7 (java) S 1 1 1 0 -1 0 1 2 3 4 100 0 0 0 20\n");
            Files.writeString(proc.resolve("stat"), "cpu 1000 0 0 1000 0 0 0 0\n");
            MachineLoad load = new MachineLoad(proc);
            Files.writeString(proc.resolve("stat"), "cpu 1025 0 0 1075 0 0 0 0\n");
            return load;
        } catch (IOException full) {
            throw new UncheckedIOException(full);
        }
    }

    @Test
    void aDisturbedRunIsRefused() {
        try (Device device = Device.cpu();
                SideBySide others = new SideBySide(List.of(FakePeer.start("honest")), 2, false, this::busy)) {
            Bench bench = new Bench(device, others, 1).beside(others);
            String message = assertThrows(PeerException.class, () -> bench.run(LINE, note -> { })).getMessage();
            assertTrue(message.contains("others used 25 % of its processors while " + LINE.text() + " was timed"),
                    message);
            assertTrue(message.contains("--allow-load"), message);
            assertEquals(List.of(), bench.report().rows());
        }
    }

    @Test
    void aDisturbedRunThatIsAllowedSaysSo() {
        try (Device device = Device.cpu();
                SideBySide others = new SideBySide(List.of(FakePeer.start("honest")), 2, true, this::busy)) {
            Bench bench = new Bench(device, others, 1).beside(others);
            bench.run(LINE, note -> { });
            assertEquals(0.25, bench.report().rows().get(0).peers().get(0).load());
        }
    }
}
