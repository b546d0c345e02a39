package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.clnorm.bench.Checker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepCommandTest {
    private static final String TINY = "layer_norm 8x16 normalized_shape=16";
    private static final Checker PASSES = (device, workload) -> Optional.empty();

    @TempDir
    private Path folder;

    @Test
    void aSweepGoesToTableJsonAndPage() throws IOException {
        Path json = folder.resolve("rows.json");
        Path html = folder.resolve("a page.html");
        Cli bench = Cli.run("bench", "--device", "cpu", "--sweep", "rows,groups", "--elements", "512", "--runs", "1",
                "--json", json.toString(), "--html", html.toString());
        assertEquals(Main.DONE, bench.status(), bench.err());
        List<String> lines = bench.out().lines().dropWhile(line -> !line.isEmpty()).toList();
        assertTrue(lines.get(1).contains("above 1.6 in both it is a cliff"), bench.out());
        assertTrue(lines.get(2).startsWith("sweep"), bench.out());
        assertEquals(List.of("rows", "rows", "groups"), lines.stream().skip(3).limit(3)
                .map(line -> line.substring(0, line.indexOf(' '))).toList());
        String rows = Files.readString(json);
        assertTrue(rows.contains("\"workload\" : \"layer_norm 4x128 normalized_shape=128\""), rows);
        assertTrue(rows.contains("\"sweep\" : \"rows\"") && rows.contains("\"neighbour\" : 128"), rows);
        String page = Files.readString(html);
        assertTrue(page.contains("layer_norm 4x128 normalized_shape=128"), "rows");
        assertTrue(page.contains("<code>scripts/clnorm bench --device cpu --sweep rows,groups --elements 512 --runs 1 "
                + "--json " + json + " --html '" + html + "'</code>"), "command");
    }

    @Test
    void namedWorkloadsComeWithTheSweeps() {
        Cli bench = Cli.bench(PASSES, "--device", "cpu", "--runs", "1", "--elements", "256", "--sweep", "columns",
                "--settings", "mode=eval", "--workload", TINY);
        assertEquals(Main.DONE, bench.status(), bench.err());
        assertTrue(bench.out().contains(TINY), bench.out());
        assertTrue(bench.out().contains("batch_norm 8x32 mode=eval"), bench.out());
        assertFalse(bench.out().contains("group_norm"), "the standard workloads: " + bench.out());
    }

    @Test
    void aWorkloadThatWasNamedTwiceIsTimedOnce() {
        Cli bench = Cli.bench(PASSES, "--device", "cpu", "--runs", "1", "--elements", "256", "--sweep", "columns",
                "--workload", "batch_norm 8x32");
        assertEquals(2, bench.out().lines().filter(line -> line.startsWith("batch_norm 8x32 ")).count(), bench.out());
    }

    @Test
    void aPageAloneIsOfTheStandardWorkloadsAndEverySweep() throws IOException {
        Path html = folder.resolve("page.html");
        Cli bench = Cli.bench(PASSES, "--device", "cpu", "--quick", "--runs", "1", "--elements", "512", "--html",
                html.toString());
        assertEquals(Main.DONE, bench.status(), bench.err());
        String page = Files.readString(html);
        for (String line : List.of("group_norm 16x256x32x32 groups=32", "layer_norm 4x128 normalized_shape=128",
                "batch_norm 16x2x16", "batch_norm 16x32", "group_norm 2x16x16 groups=1")) {
            assertTrue(page.contains("<th scope=\"row\">" + line + "</th>"), line);
        }
    }

    @Test
    void wrongOptionsExit2() {
        Cli.run("bench", "--device", "cpu", "--sweep", "diagonals").assertFails(Main.USAGE, "--sweep", "'diagonals'");
        Cli.run("bench", "--device", "cpu", "--elements", "4096").assertFails(Main.USAGE, "--elements", "--sweep");
        Cli.run("bench", "--device", "cpu", "--settings", "mode=eval").assertFails(Main.USAGE, "--settings");
        Cli.run("bench", "--device", "cpu", "--sweep", "rows", "--elements", "9").assertFails(Main.USAGE, "got 9");
        Cli.run("bench", "--device", "cpu", "--sweep", "rows", "--settings", "speed=fast")
                .assertFails(Main.USAGE, "speed");
    }

    @Test
    void aPageThatCannotBeWrittenExits1BeforeAnythingIsTimed() {
        Cli.run("bench", "--device", "cpu", "--workload", TINY, "--html", folder.resolve("no/page.html").toString())
                .assertFails(Main.FAILED, "page.html");
    }
}
