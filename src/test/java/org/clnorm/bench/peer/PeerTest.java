package org.clnorm.bench.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.CaseRunner;
import org.clnorm.conformance.Workload;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;

/** The protocol, with a peer that is a Java program. */
class PeerTest {
    private static final Case WHAT = Case.of(Workload.parse("batch_norm 2x3x4x5 steps=te seed=3"));

    @Test
    void runsCasesAndTakesTurns() {
        Path folder;
        try (Peer peer = FakePeer.start("honest"); Device cpu = Device.cpu()) {
            folder = peer.folder();
            assertTrue(Files.isDirectory(folder));
            assertEquals("fake", peer.name());
            assertEquals("fake 1.0", peer.version());
            assertEquals(CaseRunner.run(WHAT, cpu).tensors(), peer.open(WHAT).tensors());
            assertEquals(new Turn(3_000_000, 6_000_000, -1, -1), peer.turn());
            assertEquals(new Turn(1_000_000, 2_000_000, -1, -1), peer.turn());
        }
        assertTrue(Files.notExists(folder), "files are left behind");
    }

    @Test
    void mayHaveAClockOfTheDevice() {
        try (Peer peer = FakePeer.start("device")) {
            peer.open(WHAT);
            assertEquals(new Turn(3_000_000, 6_000_000, 1_500_000, 3_000_000), peer.turn());
        }
    }

    @Test
    void mayRefuseACase() {
        try (Peer peer = FakePeer.start("refuses")) {
            assertEquals("no such layout",
                    assertThrows(IllegalArgumentException.class, () -> peer.open(WHAT)).getMessage());
        }
    }

    @Test
    void lastWordsAreReported() {
        try (Peer peer = FakePeer.start("dies")) {
            peer.open(WHAT);
            String message = assertThrows(PeerException.class, peer::turn).getMessage();
            assertTrue(message.startsWith("fake ended before it answered: "), message);
            assertThrows(PeerException.class, peer::turn);
        }
    }

    @Test
    void nonsenseIsReported() {
        try (Peer peer = FakePeer.start("babbles")) {
            peer.open(WHAT);
            assertEquals("fake failed: it answered 'hello'",
                    assertThrows(PeerException.class, peer::turn).getMessage());
        }
    }

    @Test
    void whatCannotBeStartedIsReported() {
        assertEquals("fake cannot be run: no fakes today",
                assertThrows(PeerException.class, () -> FakePeer.start("cannot")).getMessage());
        String message = assertThrows(PeerException.class,
                () -> Peer.start("fake", List.of("/no/such/program"), Map.of())).getMessage();
        assertTrue(message.startsWith("fake cannot be run: ") && message.contains("/no/such/program"), message);
    }
}
