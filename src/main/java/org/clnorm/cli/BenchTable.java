package org.clnorm.cli;

import java.io.PrintWriter;
import java.util.DoubleSummaryStatistics;
import java.util.Locale;
import java.util.Optional;
import org.clnorm.bench.BenchReport;
import org.clnorm.bench.BenchRow;
import org.clnorm.tensor.Device;

/** What a benchmark gave, for people. */
final class BenchTable {
    /** From here on other programs take a visible part of the time. */
    private static final double BUSY = 0.5;

    private BenchTable() {
    }

    static void print(Device device, BenchReport report, double load, PrintWriter out) {
        out.println(device.name() + " (" + device.driver() + ")" + copies(report));
        warning(load).ifPresent(out::println);
        TextTable table = new TextTable("workload", "pass", ">median us", ">min us", ">wall us", ">GB/s", ">copy",
                "kernels", "variant");
        for (BenchRow row : report.rows()) {
            table.row(row.workload(), row.pass(), time(row.medianUs()), time(row.minUs()), time(row.wallMedianUs()),
                    text("%.2f", row.gbPerS()), text("%.2f", row.copyFraction()), row.kernels(), row.variant());
        }
        table.print(out);
    }

    /** What speaks against the times that were taken under a load. */
    static Optional<String> warning(double load) {
        return load > BUSY ? Optional.of(
                text("The machine was busy: load average %.1f a core; do not trust these times.", load))
                : Optional.empty();
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
