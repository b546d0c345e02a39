package org.clnorm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.clnorm.bench.BenchReport;
import org.clnorm.bench.MachineLoad;
import org.clnorm.bench.SweepStep;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Whether to write a page, and where. */
final class PageOption {
    private static final DateTimeFormatter MINUTES = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm xxx");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--html", paramLabel = "FILE",
            description = "Also writes a page for a browser, complete in one file: charts, and all numbers.")
    private Path html;

    private PageOption() {
    }

    boolean given() {
        return html != null;
    }

    /** Fails now rather than after an hour if the page cannot be written. */
    void begin() throws IOException {
        if (html != null) {
            ChartLibrary.script();
            Files.writeString(html, "");
        }
    }

    void write(PageHeading heading, BenchReport report, Set<String> named, List<SweepStep> steps) throws IOException {
        if (html != null) {
            Files.writeString(html, BenchPage.of(heading, report, named, steps));
        }
    }

    PageHeading heading(Device device, int runs, MachineLoad load) throws IOException {
        return new PageHeading(device.name(), device.driver(), ZonedDateTime.now().format(MINUTES),
                new Version().getVersion()[0], command(), runs, load.warning().orElse(""));
    }

    /** A line for a shell; files below the working folder are named from there. */
    private String command() {
        String here = Path.of("").toAbsolutePath() + "/";
        String arguments = spec.root().commandLine().getParseResult().originalArgs().stream()
                .map(argument -> argument.startsWith(here) ? argument.substring(here.length()) : argument)
                .map(Shell::quoted).collect(Collectors.joining(" "));
        return "scripts/clnorm " + arguments;
    }
}
