package org.clnorm.scale;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.clnorm.MergeTimes;

/** Makes tables and picture of the rows that {@code scripts/bench-sync} has collected in a folder. */
public final class Scale {
    private static final String HOST = "host.jsonl";
    private static final int[][] MERGES = {{2, 4096}, {16, 2048}, {128, 512}, {1024, 64}, {1024, 2048}};

    private Scale() {
    }

    /**
     * Prints tables in Markdown.
     *
     * @param arguments the folder; then --json or --svg, each with a file to write
     * @throws IOException if a file cannot be read or written
     */
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        if (Files.notExists(folder.resolve(HOST))) {
            Files.write(folder.resolve(HOST), merges().stream().map(Row::json).toList());
        }
        List<Row> rows = read(folder);
        for (int i = 1; i < arguments.length; i += 2) {
            String text = arguments[i].equals("--svg") ? SharePicture.of(Link.of(rows))
                    : "[\n" + String.join(",\n", rows.stream().map(Row::json).toList()) + "\n]\n";
            Files.writeString(Path.of(arguments[i + 1]), text);
        }
        System.out.print(ScaleTables.of(rows));
    }

    private static List<Row> merges() {
        List<Row> rows = new ArrayList<>();
        for (int[] size : MERGES) {
            double[] micros = MergeTimes.micros(size[0], size[1]);
            Quantiles of = new Quantiles(micros);
            rows.add(new Row("host", Row.MERGE, size[0], Runtime.getRuntime().availableProcessors(),
                    8L * (1 + 2 * size[1]), micros.length, of.at(0.5), of.min(), of.at(0.9)));
        }
        return rows;
    }

    /** All rows of a folder, by the order of links. */
    static List<Row> read(Path folder) throws IOException {
        List<Row> rows = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> all = Files.list(folder)) {
            files = all.filter(file -> file.toString().endsWith(".jsonl")).sorted(Scale::inOrder).toList();
        }
        for (Path file : files) {
            for (String line : Files.readAllLines(file)) {
                rows.add(Row.parse(line));
            }
        }
        return rows;
    }

    /** The nearest ranks first: shm, tcp, netns, delay-200, delay-1000. */
    private static int inOrder(Path one, Path other) {
        return Integer.compare(distance(one), distance(other));
    }

    private static int distance(Path file) {
        String name = file.getFileName().toString().replace(".jsonl", "");
        int place = List.of("host", "shm", "tcp", "netns").indexOf(name);
        return place >= 0 ? place : 10 + Integer.parseInt(name.replaceAll("\\D", ""));
    }
}
