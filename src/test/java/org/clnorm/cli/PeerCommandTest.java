package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clnorm.bench.peer.FakePeer;
import org.clnorm.bench.peer.PeerException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code clnorm bench --peer}, with something else in PyTorch's place. */
class PeerCommandTest {
    private static final String TINY = "layer_norm 8x16 normalized_shape=16";
    private static final List<String> FIELDS = List.of("peer", "version", "wall_median_us", "wall_min_us",
            "our_wall_median_us", "our_wall_min_us", "median_ratio", "min_ratio", "device_median_us", "error",
            "our_error", "load");

    @TempDir
    private Path folder;

    private static Cli bench(PeerOptions peers, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine bench = new CommandLine(new BenchCommand((device, workload) -> Optional.empty(), peers))
                .setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true))
                .setExecutionExceptionHandler(new Failures(false));
        return new Cli(bench.execute(args), out.toString(), err.toString());
    }

    private static PeerOptions fake(String manner) {
        return new PeerOptions(device -> List.of(FakePeer.start(manner)));
    }

    @Test
    void tableAndJsonHaveThePeer() throws IOException {
        Path json = folder.resolve("rows.json");
        Cli bench = bench(fake("honest"), "--device", "cpu", "--runs", "3", "--workload", TINY, "--peer", "pytorch",
                "--allow-load", "--json", json.toString());
        assertEquals(Main.DONE, bench.status(), bench.err());
        assertTrue(bench.out().contains("beside fake: fake 1.0; "), bench.out());
        assertTrue(bench.out().contains("geometric mean of the ratios: forward "), bench.out());
        assertTrue(bench.out().contains("\nslowest: "), bench.out());
        for (Map<String, Object> row : Json.rows(Files.readString(json))) {
            Map<?, ?> peer = (Map<?, ?>) ((List<?>) row.get("peers")).get(0);
            assertEquals(FIELDS, List.copyOf(peer.keySet()));
            assertEquals(row.get("pass").equals("forward") ? 2000.0 : 4000.0, peer.get("wall_median_us"));
            assertNull(peer.get("device_median_us"));
        }
    }

    @Test
    void aPeerThatIsMissingExits1() {
        PeerOptions missing = new PeerOptions(device -> {
            throw new PeerException("pytorch cannot be run: no torch; scripts/pytorch-setup gets it");
        });
        bench(missing, "--device", "cpu", "--workload", TINY, "--peer", "pytorch")
                .assertFails(Main.FAILED, "pytorch cannot be run", "scripts/pytorch-setup");
    }

    @Test
    void aPeerThatDiesExits1() {
        Cli bench = bench(fake("dies"), "--device", "cpu", "--runs", "1", "--workload", TINY, "--peer", "pytorch");
        assertEquals(Main.FAILED, bench.status());
        assertTrue(bench.err().contains("clnorm: fake ended before it answered"), bench.err());
    }

    @Test
    void badArgumentsExit2() {
        Cli.run("bench", "--peer", "numpy").assertFails(Main.USAGE, "--peer pytorch", "numpy");
        Cli.run("bench", "--allow-load").assertFails(Main.USAGE, "--allow-load", "--peer");
    }
}
