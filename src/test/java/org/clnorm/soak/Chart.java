package org.clnorm.soak;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Curves over time, one below the other, as a picture (SVG) that needs nothing else. */
final class Chart {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 130;
    private static final int LEFT = 70;
    private static final int RIGHT = 30;
    private static final int TOP = 40;
    private static final int GAP = 42;

    private final List<Sample> samples;
    private final StringBuilder svg = new StringBuilder();
    private int curves;

    private Chart(List<Sample> samples) {
        this.samples = samples;
    }

    static String of(String title, List<Sample> samples) {
        Chart chart = new Chart(samples);
        chart.text(LEFT, 20, "start", 14, title);
        chart.curve("passes a second", Sample::speed);
        chart.curve("Java heap after a collection, MiB", sample -> sample.heap() / Sample.MIB);
        chart.curve("the process in memory, MiB", sample -> sample.resident() / Sample.MIB);
        chart.curve("OpenCL buffers, MiB", sample -> sample.buffers() / Sample.MIB);
        chart.curve("OpenCL objects", Sample::objects);
        chart.curve("calls made to fail", Sample::faults);
        int height = TOP + chart.curves * (HEIGHT + GAP);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + WIDTH + " " + height
                + "\" font-family=\"sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" + chart.svg
                + "</svg>\n";
    }

    /** From 0 up, so that a slope looks as steep as it is. */
    private void curve(String label, ToDoubleFunction<Sample> what) {
        double most = samples.stream().mapToDouble(what).filter(Double::isFinite).max().orElse(0);
        double last = Math.max(1, samples.isEmpty() ? 0 : samples.get(samples.size() - 1).seconds());
        double step = step(most);
        double top = Math.max(step, Math.ceil(most / step) * step);
        int bottom = TOP + curves * (HEIGHT + GAP) + GAP / 2 + HEIGHT;
        text(LEFT, bottom - HEIGHT - 8, "start", 12, label);
        for (double tick = 0; tick <= top * 1.001; tick += step) {
            double y = bottom - tick / top * HEIGHT;
            svg.append(String.format(Locale.ROOT, "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>%n", LEFT, y,
                    WIDTH - RIGHT));
            text(LEFT - 6, y + 4, "end", 10, String.format(Locale.ROOT, step < 1 ? "%.2f" : "%.0f", tick));
        }
        double unit = last < 120 ? 1 : 60;
        double every = step(last / unit);
        for (double tick = 0; tick <= last / unit; tick += every) {
            text(x(tick * unit, last), bottom + 13, "middle", 10, String.format(Locale.ROOT, "%.0f %s", tick,
                    unit == 1 ? "s" : "min"));
        }
        svg.append("<polyline fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"1.2\" points=\"");
        for (Sample sample : samples) {
            double value = what.applyAsDouble(sample);
            if (Double.isFinite(value)) {
                svg.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(sample.seconds(), last),
                        bottom - value / top * HEIGHT));
            }
        }
        svg.append("\"/>\n");
        curves++;
    }

    private static double x(double seconds, double last) {
        return LEFT + seconds / last * (WIDTH - LEFT - RIGHT);
    }

    /** A quarter of a range, more or less, that is 1, 2 or 5 with noughts. */
    private static double step(double range) {
        double rough = Math.max(range, 1e-9) / 4;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double digit = rough / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    private void text(double x, double y, String anchor, int size, String text) {
        svg.append(String.format(Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%d\">%s</text>%n", x, y, anchor, size,
                text.replace("&", "&amp;").replace("<", "&lt;")));
    }
}
