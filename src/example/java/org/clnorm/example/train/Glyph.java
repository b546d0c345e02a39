package org.clnorm.example.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A digit of a font of 5 × 7 dots, as points around its centre and the lines between neighbouring ones. */
final class Glyph {
    private static final int ROWS = 7;
    private static final int COLUMNS = 5;
    /** The rows of each digit, from the top; its five columns are bits, the left one the highest. */
    private static final int[][] FONT = {
        {0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110},
        {0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110},
        {0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111},
        {0b11110, 0b00001, 0b00001, 0b01110, 0b00001, 0b00001, 0b11110},
        {0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010},
        {0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110},
        {0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110},
        {0b11111, 0b00001, 0b00010, 0b00100, 0b00100, 0b01000, 0b01000},
        {0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110},
        {0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100},
    };
    private static final List<Glyph> GLYPHS = Arrays.stream(FONT).map(Glyph::new).toList();

    private final List<Integer> points = new ArrayList<>();
    private final int[] ends;

    private Glyph(int[] rows) {
        for (int dot = 0; dot < ROWS * COLUMNS; dot++) {
            if (isSet(rows, dot / COLUMNS, dot % COLUMNS)) {
                points.add(dot);
            }
        }
        List<Integer> lines = new ArrayList<>();
        for (int dot : points) {
            int row = dot / COLUMNS;
            int column = dot % COLUMNS;
            join(lines, rows, dot, row, column + 1);
            join(lines, rows, dot, row + 1, column);
            for (int side : new int[] {column - 1, column + 1}) {
                // a diagonal where no corner joins the two already
                if (!isSet(rows, row, side) && !isSet(rows, row + 1, column)) {
                    join(lines, rows, dot, row + 1, side);
                }
            }
        }
        ends = lines.stream().mapToInt(points::indexOf).toArray();
    }

    /** A digit from 0 to 9. */
    static Glyph of(int digit) {
        return GLYPHS.get(digit);
    }

    private static void join(List<Integer> lines, int[] rows, int dot, int row, int column) {
        if (isSet(rows, row, column)) {
            lines.add(dot);
            lines.add(row * COLUMNS + column);
        }
    }

    private static boolean isSet(int[] rows, int row, int column) {
        return row < ROWS && column >= 0 && column < COLUMNS && (rows[row] >> (COLUMNS - 1 - column) & 1) == 1;
    }

    int points() {
        return points.size();
    }

    /** Rows below the centre. */
    int row(int point) {
        return points.get(point) / COLUMNS - ROWS / 2;
    }

    /** Columns to the right of the centre. */
    int column(int point) {
        return points.get(point) % COLUMNS - COLUMNS / 2;
    }

    /** The two points of a line, those of the next, and so on. */
    int[] ends() {
        return ends;
    }
}
