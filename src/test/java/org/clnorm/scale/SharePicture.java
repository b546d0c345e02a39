package org.clnorm.scale;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Which part of a ResNet-50 step is synchronization, by ranks, for a small batch and a large one, as an SVG. */
final class SharePicture {
    private static final int WIDTH = 900;
    private static final int TOP = 64;
    private static final int BOTTOM = 364;
    private static final int PANEL = 370;
    private static final int[] LEFT = {56, 506};
    private static final int[] IMAGES = {32, 256};
    private static final int MOST_RANKS = 1024;
    /** Both axes are logarithmic: a thousandth to all of a step. */
    private static final double LEAST_SHARE = 1e-3;
    private static final double LIMIT = 0.05;
    /** Colours, told apart by those who see few of them, on white; on black; and a pattern of strokes. */
    private static final String[][] STYLES = {{"#0072b2", "#56b4e9", "none"}, {"#d55e00", "#f0914a", "none"},
        {"#009e73", "#35c79b", "none"}, {"#aa4499", "#d488c9", "none"}, {"#7a6a00", "#cdb933", "none"},
        {"#0072b2", "#56b4e9", "5 4"}, {"#d55e00", "#f0914a", "5 4"}};

    private final List<Link> links;
    private final int height;
    private final StringBuilder svg = new StringBuilder();

    private SharePicture(List<Link> links) {
        this.links = links.subList(0, Math.min(links.size(), STYLES.length));
        height = BOTTOM + 56 + 20 * ((this.links.size() + 1) / 2);
    }

    static String of(List<Link> links) {
        return new SharePicture(links).draw();
    }

    private String draw() {
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" "
                + "font-family=\"sans-serif\" font-size=\"12\">", WIDTH, height, WIDTH, height);
        add("<title>Synchronization's part of a ResNet-50 step, by ranks</title>");
        styles();
        add("<rect class=\"ground\" width=\"%d\" height=\"%d\"/>", WIDTH, height);
        text(LEFT[0], 24, "start", "ink", "Synchronization's part of a ResNet-50 step on " + Compute.A100.name()
                + ", by ranks");
        for (int panel = 0; panel < LEFT.length; panel++) {
            panel(panel);
        }
        legend();
        add("</svg>");
        return svg.toString();
    }

    private void styles() {
        StringBuilder dark = new StringBuilder();
        add("<style>.ground{fill:#fff}.ink{fill:#1b1f24}.faint{fill:#5b6470}.grid{stroke:#e0e4e9}"
                + ".limit{stroke:#1b1f24;stroke-dasharray:2 3}.line{fill:none;stroke-width:2}");
        for (int i = 0; i < links.size(); i++) {
            add(".l%d{stroke:%s;stroke-dasharray:%s}", i, STYLES[i][0], STYLES[i][2]);
            dark.append(String.format(Locale.ROOT, ".l%d{stroke:%s}", i, STYLES[i][1]));
        }
        add("@media (prefers-color-scheme:dark){.ground{fill:#15191e}.ink{fill:#e8ecf1}.faint{fill:#9aa5b1}"
                + ".grid{stroke:#2f3740}.limit{stroke:#e8ecf1}%s}</style>", dark);
    }

    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void text(double x, double y, String anchor, String style, String text) {
        add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>", x, y, anchor, style, text);
    }

    private void panel(int panel) {
        int left = LEFT[panel];
        text(left, TOP - 14, "start", "ink", IMAGES[panel] + " images a rank");
        for (double share = LEAST_SHARE; share <= 1; share *= 10) {
            add("<path class=\"grid\" d=\"M%d %.1fh%d\"/>", left, y(share), PANEL);
            text(left - 6, y(share) + 4, "end", "faint", String.format(Locale.ROOT, "%s %%",
                    share < 0.005 ? "0.1" : Math.round(100 * share)));
        }
        add("<path class=\"limit\" d=\"M%d %.1fh%d\"/>", left, y(LIMIT), PANEL);
        text(left + PANEL - 4, y(LIMIT) + 14, "end", "ink", "5 %");
        for (int ranks = 2; ranks <= MOST_RANKS; ranks *= 2) {
            text(x(left, ranks), BOTTOM + 18, "middle", "faint", String.format(Locale.ROOT, "%,d", ranks));
        }
        double compute = Compute.A100.micros(IMAGES[panel]);
        for (int i = 0; i < links.size(); i++) {
            line(i, left, compute);
        }
    }

    private void line(int link, int left, double compute) {
        List<String> points = new ArrayList<>();
        for (int ranks = 2; ranks <= MOST_RANKS; ranks *= 2) {
            double share = links.get(link).cost().share(ResNet50.channels(), ranks, compute);
            points.add(String.format(Locale.ROOT, "%.1f,%.1f", x(left, ranks), y(Math.max(LEAST_SHARE, share))));
        }
        add("<polyline class=\"line l%d\" points=\"%s\"/>", link, String.join(" ", points));
    }

    private static double x(int left, int ranks) {
        return left + PANEL * Math.log(ranks / 2.0) / Math.log(MOST_RANKS / 2.0);
    }

    private static double y(double share) {
        return TOP + (BOTTOM - TOP) * Math.log(share) / Math.log(LEAST_SHARE);
    }

    private void legend() {
        for (int i = 0; i < links.size(); i++) {
            int x = LEFT[i % 2];
            int y = BOTTOM + 48 + 20 * (i / 2);
            add("<path class=\"line l%d\" d=\"M%d %dh28\"/>", i, x, y - 4);
            text(x + 36, y, "start", "ink", links.get(i).name());
        }
    }
}
