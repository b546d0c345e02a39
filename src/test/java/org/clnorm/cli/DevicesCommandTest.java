package org.clnorm.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.Test;

class DevicesCommandTest {
    private static final Set<String> FIELDS = Set.of("selector", "platform", "name", "type", "driver", "compute_units",
            "memory_bytes", "usable", "chosen", "note");

    @Test
    void jsonHasEveryDevice() throws IOException {
        Cli devices = Cli.run("devices", "--json");
        assertEquals(Main.DONE, devices.status(), devices.err());
        List<Map<String, Object>> rows = Json.rows(devices.out());
        assertEquals(Device.list().size(), rows.size());
        rows.forEach(row -> assertEquals(FIELDS, row.keySet()));
        assertTrue(rows.stream().anyMatch(row -> row.get("selector").equals("cpu") && row.get("usable").equals(true)));
        assertTrue(rows.stream().filter(row -> row.get("chosen").equals(true)).count() <= 1, devices.out());
        rows.forEach(row -> assertTrue(!((String) row.get("note")).isEmpty(), "a reason for or against " + row));
    }

    @Test
    void theTableSaysWhatWasChosen() {
        Cli devices = Cli.run("devices");
        assertEquals(Main.DONE, devices.status(), devices.err());
        assertTrue(devices.out().contains("CPU engine"), devices.out());
        boolean openCl = Device.list().stream().anyMatch(info -> info.chosen());
        assertEquals(openCl, devices.out().lines().anyMatch(line -> line.startsWith("* ")), devices.out());
        assertEquals(!openCl, devices.out().contains("No OpenCL device"), devices.out());
    }

    @Test
    void aDeviceAskedForIsTheChosenOne() throws IOException {
        List<Map<String, Object>> rows = Json.rows(Cli.run("devices", "--device", "cpu", "--json").out());
        for (Map<String, Object> row : rows) {
            assertEquals(row.get("selector").equals("cpu"), row.get("chosen"), row.toString());
        }
    }
}
