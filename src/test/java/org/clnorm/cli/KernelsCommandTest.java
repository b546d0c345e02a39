package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelsCommandTest {
    private static final String LINE = "layer_norm 65536x1024 normalized_shape=1024";

    @Test
    void kernelsAreListedOnceWithWhatTakesThem() throws IOException {
        Cli kernels = Cli.run("kernels", "--json", "--workload", LINE, "--workload",
                "layer_norm 32768x1024 normalized_shape=1024");
        assertEquals(Main.DONE, kernels.status(), kernels.err());
        List<Map<String, Object>> rows = Json.rows(kernels.out());
        assertTrue(rows.stream().anyMatch(row -> row.get("pass").equals("backward")), kernels.out());
        for (Map<String, Object> row : rows) {
            assertTrue(List.of("gpu/rows", "plain").contains(row.get("variant")), row.toString());
            assertTrue((double) row.get("work_group") >= 1, row.toString());
        }
        long distinct = rows.stream().map(row -> List.of(row.get("program"), row.get("kernel"), row.get("options")))
                .distinct().count();
        assertEquals(rows.size(), distinct);
    }

    @Test
    void kindsOfGpusDiffer() {
        String nvidia = Cli.run("kernels", "--workload", LINE).out();
        String amd = Cli.run("kernels", "--gpu", "amd", "--workload", LINE).out();
        assertTrue(nvidia.contains("REDUCE=1"), nvidia);
        assertFalse(amd.contains("REDUCE=1"), amd);
    }

    @Test
    void typesDiffer() {
        assertFalse(Cli.run("kernels", "--workload", LINE).out().contains("STORAGE="));
        assertTrue(Cli.run("kernels", "--workload", LINE + " dtype=bf16").out().contains("STORAGE=2"));
    }
}
