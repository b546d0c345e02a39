package org.clnorm.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** A table for people: columns as wide as their widest cell. */
final class TextTable {
    private final boolean[] right;
    private final List<String[]> rows = new ArrayList<>();

    /** Columns by heading; one that begins with {@code >} is aligned to the right. */
    TextTable(String... headings) {
        right = new boolean[headings.length];
        String[] first = new String[headings.length];
        for (int i = 0; i < headings.length; i++) {
            right[i] = headings[i].startsWith(">");
            first[i] = right[i] ? headings[i].substring(1) : headings[i];
        }
        rows.add(first);
    }

    /** Adds a row with a cell for every column. */
    void row(String... cells) {
        rows.add(cells.clone());
    }

    void print(PrintWriter out) {
        int[] widths = new int[right.length];
        for (String[] row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        for (String[] row : rows) {
            out.println(line(row, widths).stripTrailing());
        }
    }

    private String line(String[] row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.length; i++) {
            String space = " ".repeat(widths[i] - row[i].length());
            line.append(right[i] ? space + row[i] : row[i] + space).append("  ");
        }
        return line.toString();
    }
}
