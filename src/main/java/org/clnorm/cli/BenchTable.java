package org.clnorm.cli;

import java.io.PrintWriter;
import java.util.DoubleSummaryStatistics;
import java.util.Locale;
import org.clnorm.bench.BenchReport;
import org.clnorm.bench.BenchRow;
import org.clnorm.bench.MachineLoad;
import org.clnorm.tensor.Device;

/** What a benchmark gave, for people. */
final class BenchTable {
    private BenchTable() {
    }

    static void print(Device device, BenchReport report, MachineLoad load, PrintWriter out) {
        out.println(device.name() + " (" + device.driver() + ")" + copies(report));
        load.warning().ifPresent(out::println);
        TextTable table = new TextTable("workload", "pass", ">median us", ">min us", ">wall us", ">GB/s", ">copy",
                "kernels", "variant", "why");
        for (BenchRow row : report.rows()) {
            table.row(row.workload(), row.pass(), time(row.medianUs()), time(row.minUs()), time(row.wallMedianUs()),
                    text("%.2f", row.gbPerS()), text("%.2f", row.copyFraction()), row.kernels(), row.variant(),
                    row.reason());
        }
        table.print(out);
    }

    private static String copies(BenchReport report) {
        DoubleSummaryStatistics copies = report.copies().stream().mapToDouble(copy -> copy).summaryStatistics();
        return copies.getCount() == 0 ? "" : text("; copy %.1f to %.1f GB/s", copies.getMin(), copies.getMax());
    }

    static String time(double microseconds) {
        return text(microseconds < 100 ? "%.2f" : "%.0f", microseconds);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
