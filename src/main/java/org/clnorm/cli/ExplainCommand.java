package org.clnorm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import org.clnorm.conformance.Workload;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells, and draws, which elements of a tensor share statistics and which parameter each takes. */
@Command(name = "explain", description = "Tells which elements share statistics and which parameter each takes.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, footer = {"",
            "Needs no device. What is told is what the layer would tell one. For example:",
            "  clnorm explain 'group_norm 2x4x3x3 groups=2' --svg groups.svg"})
final class ExplainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "LINE", description = "A workload, such as 'batch_norm 32x64x56x56'.")
    private String line;

    @Option(names = "--svg", paramLabel = "FILE",
            description = "Also draws the tensor; - draws to standard output, in place of the text.")
    private String svg;

    private ExplainCommand() {
    }

    @Override
    public Integer call() throws IOException {
        Grouping grouping = Grouping.of(Workload.parse(line));
        PrintWriter out = spec.commandLine().getOut();
        if ("-".equals(svg)) {
            out.print(TensorPicture.of(grouping));
            return Main.DONE;
        }
        if (svg != null) {
            write(Path.of(svg), TensorPicture.of(grouping));
        }
        new ExplainText(grouping).lines().forEach(out::println);
        return Main.DONE;
    }

    /** All of it or nothing. */
    private static void write(Path file, String picture) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IllegalArgumentException("expected a file for the picture, got the folder " + file);
        }
        Path whole = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            Files.writeString(whole, picture);
            Files.move(whole, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(whole);
        }
    }
}
