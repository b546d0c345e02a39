package org.clnorm.example.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Makes page, picture and table from the runs that {@code scripts/compare-norms} has collected in a folder. */
public final class CompareNorms {
    private CompareNorms() {
    }

    /**
     * Writes {@code compare-norms.html}, {@code .svg} and {@code .json} beside the runs and prints a table.
     *
     * @param arguments the folder; the command that repeats it, to be shown on the page
     */
    public static void main(String[] arguments) {
        try {
            System.out.print(write(Path.of(arguments[0]), arguments[1]));
        } catch (IOException failed) {
            System.err.println("compare-norms: " + failed.getMessage());
            System.exit(1);
        }
    }

    /** All but the table, which it returns. */
    static String write(Path folder, String command) throws IOException {
        Comparison comparison = Comparison.read(folder);
        Files.writeString(folder.resolve("compare-norms.html"), ComparisonPage.of(comparison, command));
        Files.writeString(folder.resolve("compare-norms.svg"), ComparisonPicture.of(comparison));
        Files.writeString(folder.resolve("compare-norms.json"), comparison.json(false) + "\n");
        return table(comparison);
    }

    /** In Markdown: steps to 95 % by learning rate, or the accuracy in the end of runs that did not get there. */
    static String table(Comparison comparison) {
        StringBuilder table = new StringBuilder("| |");
        Comparison.RATES.forEach(rate -> table.append(' ').append(rate).append(" |"));
        table.append(" best |\n|---|").append("--:|".repeat(Comparison.RATES.size() + 1)).append('\n');
        for (String norm : Comparison.NORMS) {
            table.append("| ").append(norm).append(" |");
            comparison.of(norm).forEach(run -> table.append(' ').append(result(run)).append(" |"));
            Run best = comparison.best(norm);
            table.append(' ').append(percent(best)).append(" at ").append(best.rate()).append(" |\n");
        }
        return table.toString();
    }

    /** A cell of the table. */
    static String result(Run run) {
        if (run.stepsTo95() != null) {
            return run.stepsTo95() + (run.diverged() ? " steps, then diverged" : " steps");
        }
        return run.diverged() ? "diverged" : "only " + percent(run);
    }

    static String percent(Run run) {
        return String.format(Locale.ROOT, "%.1f %%", 100 * run.accuracy());
    }
}
