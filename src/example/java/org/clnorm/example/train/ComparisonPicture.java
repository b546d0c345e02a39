package org.clnorm.example.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The comparison as an SVG: the loss of each normalization at its best learning rate, and how many steps each run took
 * to 95 %.
 */
final class ComparisonPicture {
    private static final List<String> COLORS = List.of("#0072b2", "#d55e00", "#009e73", "#aa4499", "#40464f");
    private static final int WIDTH = 900;
    private static final int HEIGHT = 380;
    private static final int TOP = 76;
    private static final int BOTTOM = 332;
    private static final int LEFT = 52;
    private static final int PANEL = 360;
    private static final int SECOND = 508;
    /** Losses begin near the logarithm of ten, that of guessing. */
    private static final double HIGHEST_LOSS = 2.5;

    private final Comparison comparison;
    private final int steps;
    private final StringBuilder svg = new StringBuilder();

    private ComparisonPicture(Comparison comparison) {
        this.comparison = comparison;
        steps = comparison.steps();
    }

    /** The picture. */
    static String of(Comparison comparison) {
        return new ComparisonPicture(comparison).draw();
    }

    private String draw() {
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                + "font-family=\"sans-serif\" font-size=\"12\">", WIDTH, HEIGHT, WIDTH, HEIGHT);
        add("<title>Training with each normalization</title>");
        add("<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>", WIDTH, HEIGHT);
        legend();
        text(LEFT, 62, "start", "#1b1f24", "loss, each at its best learning rate");
        text(SECOND, 62, "start", "#1b1f24", "steps to 95 % of held-out images");
        losses();
        arrivals();
        add("</svg>");
        return svg.toString();
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void text(double x, double y, String anchor, String color, String text) {
        add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>", x, y, anchor, color, text);
    }

    private void grid(double x, double y, String label) {
        add("<path d=\"M%.1f %.1fh%d\" stroke=\"#e0e4e9\"/>", x, y, PANEL);
        text(x - 6, y + 4, "end", "#5b6470", label);
    }

    private static String dash(int norm) {
        return norm == COLORS.size() - 1 ? " stroke-dasharray=\"6 4\"" : "";
    }

    private void line(int norm, List<String> points) {
        add("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\"%s points=\"%s\"/>", COLORS.get(norm), dash(norm),
                String.join(" ", points));
    }

    private void legend() {
        for (int i = 0; i < COLORS.size(); i++) {
            int x = LEFT + 168 * i;
            Run best = comparison.best(Comparison.NORMS.get(i));
            line(i, List.of(x + ",22", x + 24 + ",22"));
            text(x + 30, 26, "start", "#1b1f24", best.norm() + ", " + best.rate());
        }
    }

    private void losses() {
        for (double loss = 0; loss <= HIGHEST_LOSS; loss += 0.5) {
            grid(LEFT, height(loss / HIGHEST_LOSS), Double.toString(loss));
        }
        for (int quarter = 0; quarter <= 4; quarter++) {
            text(LEFT + quarter * PANEL / 4.0, BOTTOM + 18, "middle", "#5b6470", Integer.toString(quarter * steps / 4));
        }
        text(LEFT + PANEL / 2.0, BOTTOM + 36, "middle", "#5b6470", "step");
        for (int i = 0; i < COLORS.size(); i++) {
            List<String> points = new ArrayList<>();
            for (double[] point : Comparison.smooth(comparison.best(Comparison.NORMS.get(i)))) {
                if (!Double.isFinite(point[1])) {
                    break;
                }
                points.add(at(LEFT + PANEL * point[0] / steps, height(Math.min(1, point[1] / HIGHEST_LOSS))));
            }
            line(i, points);
        }
    }

    private static String at(double x, double y) {
        return String.format(Locale.ROOT, "%.1f,%.1f", x, y);
    }

    private static double height(double fraction) {
        return BOTTOM - fraction * (BOTTOM - TOP);
    }

    /** Runs that never arrived lie on the line above the others. */
    private void arrivals() {
        for (int quarter = 0; quarter <= 4; quarter++) {
            grid(SECOND, height(quarter / 4.0 * 0.88), Integer.toString(quarter * steps / 4));
        }
        grid(SECOND, height(1), "never");
        List<String> rates = Comparison.RATES;
        for (int i = 0; i < rates.size(); i++) {
            text(place(i, 2), BOTTOM + 18, "middle", "#5b6470", rates.get(i));
        }
        text(SECOND + PANEL / 2.0, BOTTOM + 36, "middle", "#5b6470", "learning rate");
        for (int i = 0; i < COLORS.size(); i++) {
            List<String> points = new ArrayList<>();
            List<Run> runs = comparison.of(Comparison.NORMS.get(i));
            for (int rate = 0; rate < runs.size(); rate++) {
                Integer arrived = runs.get(rate).stepsTo95();
                points.add(at(place(rate, i), height(arrived == null ? 1 : 0.88 * arrived / steps)));
            }
            line(i, points);
            for (String point : points) {
                String[] xy = point.split(",");
                add("<circle cx=\"%s\" cy=\"%s\" r=\"4\" fill=\"%s\" stroke=\"#ffffff\"/>", xy[0], xy[1],
                        COLORS.get(i));
            }
        }
    }

    /** Beside each other, so that none hides another that arrived at the same step. */
    private static double place(int rate, int norm) {
        return SECOND + PANEL * (0.1 + 0.8 * rate / (Comparison.RATES.size() - 1)) + 7 * (norm - 2);
    }
}
