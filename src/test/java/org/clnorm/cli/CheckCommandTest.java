package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.clnorm.TestDevices;
import org.clnorm.conformance.CheckReport;
import org.clnorm.conformance.Verdict;
import org.clnorm.conformance.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTest {
    private static final String TINY = "group_norm 2x4x3 groups=2 seed=1";

    @TempDir
    private Path folder;

    private static Cli check(String... arguments) {
        List<String> all = new ArrayList<>(List.of("check", "--device", "cpu"));
        all.addAll(List.of(arguments));
        return Cli.run(all.toArray(String[]::new));
    }

    private static Object tree(String json) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            parser.nextToken();
            return tree(parser);
        }
    }

    private static Object tree(JsonParser parser) throws IOException {
        if (parser.currentToken() == JsonToken.START_ARRAY) {
            List<Object> list = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                list.add(tree(parser));
            }
            return list;
        }
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            return parser.currentToken().isNumeric() ? parser.getDoubleValue() : parser.getText();
        }
        Map<String, Object> map = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            map.put(name, tree(parser));
        }
        return map;
    }

    @Test
    @SuppressWarnings("unchecked")
    void jsonSaysWhatTheTableSays() throws IOException {
        Path json = folder.resolve("check.json");
        Cli check = check("--cases", "30", "--seed", "5", "--json", json.toString());
        assertEquals(Main.DONE, check.status(), check.err());
        List<String> lines = check.out().lines().toList();
        assertTrue(lines.get(0).contains("CPU engine"), check.out());
        assertTrue(lines.get(1).matches("layer +tensor +kernels +cases +failed +worst error"), check.out());
        assertEquals("30 cases run, 0 failed", lines.get(lines.size() - 1));
        Map<String, Object> report = (Map<String, Object>) tree(Files.readString(json));
        assertEquals(List.of("cases", "failed", "results", "failures"), List.copyOf(report.keySet()));
        assertEquals(30.0, report.get("cases"));
        assertEquals(0.0, report.get("failed"));
        assertEquals(List.of(), report.get("failures"));
        List<Map<String, Object>> rows = (List<Map<String, Object>>) report.get("results");
        assertEquals(lines.size() - 3, rows.size());
        for (int i = 0; i < rows.size(); i++) {
            String[] words = lines.get(i + 2).split(" +");
            assertEquals(List.of("layer", "tensor", "kernels", "cases", "failed", "worst_error"),
                    List.copyOf(rows.get(i).keySet()));
            assertEquals(List.of(words[0], words[1], words[2]),
                    List.of(rows.get(i).get("layer"), rows.get(i).get("tensor"), rows.get(i).get("kernels")));
            assertEquals(Double.parseDouble(words[3]), rows.get(i).get("cases"));
            double error = (double) rows.get(i).get("worst_error");
            assertEquals(Double.parseDouble(words[5]), error, 0.06 * error);
        }
    }

    @Test
    void theSameSeedIsTheSameCheck() {
        String once = check("--cases", "20", "--seed", "3").out();
        assertEquals(once, check("--cases", "20", "--seed", "3").out());
        assertTrue(!once.equals(check("--cases", "20", "--seed", "4").out()));
    }

    @Test
    void workloadsReplaceRandomCasesUnlessBothAreAskedFor() {
        assertTrue(check("--workload", TINY).out().contains("\n1 cases run"));
        assertTrue(check("--workload", TINY, "--workload", TINY).out().contains("\n2 cases run"));
        assertTrue(check("--workload", TINY, "--cases", "3").out().contains("\n4 cases run"));
    }

    @Test
    @SuppressWarnings("unchecked")
    void aFailureIsALineThatRunsItAgain() throws IOException {
        Path json = folder.resolve("check.json");
        String refused = "batch_norm 1x3 seed=8";
        Cli check = check("--workload", refused, "--workload", TINY, "--json", json.toString());
        assertEquals(Main.FAILED, check.status());
        List<String> lines = check.out().lines().toList();
        assertEquals("2 cases run, 1 failed", lines.get(lines.size() - 2));
        String again = lines.get(lines.size() - 1);
        assertTrue(again.startsWith("clnorm check --device cpu --workload '" + refused + "'  # 0.run: "), again);
        Map<String, Object> report = (Map<String, Object>) tree(Files.readString(json));
        Map<String, Object> failure = ((List<Map<String, Object>>) report.get("failures")).get(0);
        assertEquals(refused, failure.get("workload"));
        assertEquals("java", failure.get("kernels"));
    }

    @Test
    void nothingRanIsAFailure() {
        Cli check = check("--cases", "0");
        assertEquals(Main.FAILED, check.status());
        assertTrue(check.out().contains("0 cases run"), check.out());
    }

    @Test
    void refusesWhatMakesNoSense() {
        check("--cases", "-1").assertFails(Main.USAGE, "--cases of 0 or more");
        check("--cases", "many").assertFails(Main.USAGE, "--cases");
        check("--workload", "rms_norm 2x3").assertFails(Main.USAGE, "expected a value for normalized_shape");
        check("--kernels", "cpu").assertFails(Main.USAGE, "no kernel set");
        check("--kernels", "tpu").assertFails(Main.USAGE, "--kernels cpu, gpu or auto");
        check("--json", folder.resolve("no/such/folder").toString()).assertFails(Main.FAILED, "no such file");
        Cli.run("check", "--device", "opencl:no such device").assertFails(Main.FAILED);
    }

    @Test
    void bothKernelSetsAreChecked() {
        Cli check = Cli.run("check", "--workload", TINY);
        assertEquals(Main.DONE, check.status(), check.out());
        Set<String> kernels = new TreeSet<>();
        check.out().lines().filter(line -> line.startsWith("group_norm"))
                .forEach(line -> kernels.add(line.split(" +")[2]));
        assertEquals(TestDevices.openCl().isEmpty() ? Set.of("java") : Set.of("cpu", "gpu"), kernels);
    }

    @Test
    void infinityIsText() throws IOException {
        CheckReport report = new CheckReport();
        Verdict infinite = new Verdict(0, "y", Double.POSITIVE_INFINITY, 6e-7, "is not finite");
        report.add(Workload.parse(TINY), "gpu", List.of(infinite));
        assertTrue(CheckJson.of(report).contains("\"worst_error\" : \"Infinity\""), CheckJson.of(report));
    }
}
