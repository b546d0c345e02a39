package org.clnorm.cli;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import org.clnorm.bench.HostCost;
import org.clnorm.bench.HostRow;
import org.clnorm.bench.MachineLoad;
import org.clnorm.tensor.Device;

/** What calls cost the host, for people. */
final class HostTable {
    private HostTable() {
    }

    static void print(Device device, List<HostRow> rows, MachineLoad load, PrintWriter out) {
        out.println(device.name() + " (" + device.driver() + ")");
        load.warning().ifPresent(out::println);
        out.println("microseconds a call takes the host, median and least: an empty kernel enqueued; the pass with the"
                + " same tensors; with changing tensors (*)");
        TextTable table = new TextTable("workload", "pass", ">empty", ">min", ">same", ">min", ">bytes", ">launches",
                ">arguments", ">changing*", ">min*", ">bytes*", ">arguments*", "variant");
        for (HostRow row : rows) {
            HostCost same = row.same();
            HostCost changing = row.changing();
            table.row(row.workload(), row.pass(), time(row.emptyMedianUs()), time(row.emptyMinUs()),
                    time(same.medianUs()), time(same.minUs()), count(same.heapBytes()), count(same.launches()),
                    count(same.arguments()), time(changing.medianUs()), time(changing.minUs()),
                    count(changing.heapBytes()), count(changing.arguments()), row.variant());
        }
        table.print(out);
    }

    private static String time(double microseconds) {
        return String.format(Locale.ROOT, "%.2f", microseconds);
    }

    private static String count(double count) {
        return Double.isNaN(count) ? "?" : String.format(Locale.ROOT, "%.0f", count);
    }
}
