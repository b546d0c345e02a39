package org.clnorm.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Draws the tensor of a workload flat: samples from top to bottom, channels from left to right, space within, a cell an
 * element. Colours are groups, numbers parameters; one group is outlined.
 */
final class TensorPicture {
    private static final double LEAST_WIDTH = 620;
    private static final double ROOM = 620;
    private static final double MARGIN = 20;
    private static final double LEAST_LABEL = 46;
    private static final double ROW = 17;
    private static final double HEIGHT_OF_CELL = 24;
    private static final double WIDEST_CELL = 34;
    private static final String INK = "#1a1a1a";
    private static final String FAINT = "#5a5a5a";

    private final Grouping grouping;
    private final ExplainText words;
    private final Side columns;
    private final Side rows;
    private final double cell;
    private final Long[][] groups;
    private final Long chosen;
    private final double label;
    private final double left;
    private final double width;
    private final double top;
    private final List<String> title;
    private final List<String> facts;
    private final Svg svg = new Svg();

    private TensorPicture(Grouping grouping) {
        this.grouping = grouping;
        words = new ExplainText(grouping);
        List<Integer> across = dims('x');
        List<Integer> down = dims('y');
        cell = cellWidth(across);
        columns = new Side(across, Shortening.of(grouping, across), cell);
        rows = new Side(down, Shortening.of(grouping, down), HEIGHT_OF_CELL);
        groups = drawnGroups();
        chosen = IntStream.range(0, groups.length).boxed().flatMap(row -> Arrays.stream(groups[row]))
                .filter(Objects::nonNull).findFirst().orElse(null);
        int longest = IntStream.range(0, down.size()).map(level -> dimension(rows, level).length()).max().orElse(0);
        label = Math.max(LEAST_LABEL, 8.0 * longest + 10);
        left = MARGIN + down.size() * label;
        width = Math.max(LEAST_WIDTH, left + columns.length() + 100);
        title = wrapped(grouping.layer(), 10.2);
        facts = wrapped("x " + words.shape() + " · " + words.groups(), 7.6);
        top = MARGIN + title.size() * 20 + facts.size() * 18 + 26 + across.size() * ROW;
    }

    /** The picture, a whole SVG file. */
    static String of(Grouping grouping) {
        return new TensorPicture(grouping).draw();
    }

    private List<Integer> dims(char side) {
        String places = Dimensions.places(grouping.workload());
        return IntStream.range(0, places.length()).filter(dim -> places.charAt(dim) == side).boxed().toList();
    }

    /** As wide as there is room for, and as its number needs. */
    private double cellWidth(List<Integer> across) {
        List<long[]> indices = Shortening.of(grouping, across);
        int count = indices.stream().mapToInt(some -> some.length).reduce(1, Math::multiplyExact);
        double gaps = new Side(across, indices, 0).length();
        int digits = grouping.hasParameters() ? Long.toString(grouping.view().parameters() - 1).length() : 1;
        return Math.max(Math.max(18, 6.2 * digits + 5), Math.min(WIDEST_CELL, Math.floor((ROOM - gaps) / count)));
    }

    private long element(Side.Slot row, Side.Slot column) {
        return part(rows, row) + part(columns, column);
    }

    private long part(Side side, Side.Slot slot) {
        long element = 0;
        for (int level = 0; level < side.dims().size(); level++) {
            element += slot.indices()[level] * grouping.stride(side.dims().get(level));
        }
        return element;
    }

    private Long[][] drawnGroups() {
        Long[][] drawn = new Long[rows.slots().size()][columns.slots().size()];
        for (int row = 0; row < drawn.length; row++) {
            for (int column = 0; column < drawn[row].length; column++) {
                long element = element(rows.slots().get(row), columns.slots().get(column));
                drawn[row][column] = grouping.valid(element) ? grouping.group(element) : null;
            }
        }
        return drawn;
    }

    private String draw() {
        GroupColours colours = new GroupColours(groups);
        List<String> legend = legend(colours);
        double legendTop = top + rows.length() + 30;
        double height = legendTop + legend.size() * 19 + 4;
        svg.open("svg", "xmlns", "http://www.w3.org/2000/svg", "width", width, "height", height, "viewBox",
                "0 0 " + Svg.number(width) + " " + Svg.number(height), "role", "img", "aria-labelledby", "title desc",
                "font-family", "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif");
        svg.words("title", grouping.layer() + " of " + words.shape(), "id", "title");
        svg.words("desc", words.groups() + "; one group is " + words.pattern() + ". Parameters: " + words.parameters(),
                "id", "desc");
        svg.open("defs").open("pattern", "id", "padding", "width", 6, "height", 6, "patternUnits", "userSpaceOnUse",
                "patternTransform", "rotate(45)").element("rect", "width", 6, "height", 6, "fill", "#f4f4f4")
                .element("path", "d", "M0 0V6", "stroke", "#8a8a8a", "stroke-width", 2).close("pattern").close("defs");
        svg.element("rect", "x", 0.5, "y", 0.5, "width", width - 1, "height", height - 1, "rx", 8, "fill", "#fdfdfc",
                "stroke", "#d5d5d5");
        for (int i = 0; i < title.size(); i++) {
            text(title.get(i), MARGIN, MARGIN + 14 + i * 20, 16, "start", INK, "600");
        }
        for (int i = 0; i < facts.size(); i++) {
            text(facts.get(i), MARGIN, MARGIN + 14 + title.size() * 20 + i * 18, 13, "start", FAINT, "400");
        }
        columnLabels();
        rowLabels();
        cells(colours);
        cuts();
        outline();
        for (int i = 0; i < legend.size(); i++) {
            text(legend.get(i), MARGIN, legendTop + i * 19, 12.5, "start", INK, "400");
        }
        return svg.close("svg").toString();
    }

    private void columnLabels() {
        int levels = columns.dims().size();
        for (int level = 0; level < levels; level++) {
            double y = top - 8 - (levels - 1 - level) * ROW;
            text(dimension(columns, level), left + columns.length() + 8, y, 12, "start", INK, "600");
            for (Side.Tick tick : columns.ticks(level)) {
                text(Long.toString(tick.index()), left + tick.middle(), y, 11, "middle", FAINT, "400");
            }
        }
    }

    private void rowLabels() {
        for (int level = 0; level < rows.dims().size(); level++) {
            double x = MARGIN + (level + 1) * label - 8;
            text(dimension(rows, level), x, top - 8, 12, "end", INK, "600");
            for (Side.Tick tick : rows.ticks(level)) {
                text(Long.toString(tick.index()), x, top + tick.middle() + 4, 11, "end", FAINT, "400");
            }
        }
    }

    private String dimension(Side side, int level) {
        int dim = side.dims().get(level);
        return grouping.name(dim) + "=" + grouping.size(dim);
    }

    private void cells(GroupColours colours) {
        for (int row = 0; row < groups.length; row++) {
            for (int column = 0; column < groups[row].length; column++) {
                cell(row, column, colours);
            }
        }
    }

    private void cell(int row, int column, GroupColours colours) {
        Side.Slot down = rows.slots().get(row);
        Side.Slot across = columns.slots().get(column);
        Long group = groups[row][column];
        long element = element(down, across);
        double x = left + across.from();
        double y = top + down.from();
        if (group == null) {
            svg.element("rect", "x", x, "y", y, "width", cell, "height", HEIGHT_OF_CELL, "fill", "url(#padding)",
                    "stroke", "#ffffff", "data-element", element);
            return;
        }
        String parameter = grouping.hasParameters() ? Long.toString(grouping.parameter(element)) : "none";
        svg.element("rect", "x", x, "y", y, "width", cell, "height", HEIGHT_OF_CELL, "fill", colours.of(group),
                "fill-opacity", group.equals(chosen) ? "1" : "0.6", "stroke", "#ffffff", "data-element", element,
                "data-group", group, "data-parameter", parameter);
        if (grouping.hasParameters()) {
            text(parameter, x + cell / 2, y + HEIGHT_OF_CELL / 2 + 3.7, 10.5, "middle", INK, "400");
        }
    }

    private void cuts() {
        for (double cut : columns.cuts()) {
            text("⋯", left + cut, top - 8, 13, "middle", INK, "600");
            line(left + cut, top, left + cut, top + rows.length());
        }
        for (double cut : rows.cuts()) {
            text("⋮", left - 14, top + cut + 5, 13, "middle", INK, "600");
            line(left, top + cut, left + columns.length(), top + cut);
        }
    }

    private void line(double x1, double y1, double x2, double y2) {
        svg.element("line", "x1", x1, "y1", y1, "x2", x2, "y2", y2, "stroke", "#9a9a9a", "stroke-dasharray", "2 4");
    }

    /** Where cells of the chosen group end, or touch cells of others. */
    private void outline() {
        StringBuilder path = new StringBuilder();
        for (int row = 0; row < groups.length; row++) {
            for (int column = 0; column < groups[row].length; column++) {
                if (chosen == null || !chosen.equals(groups[row][column])) {
                    continue;
                }
                double x = left + columns.slots().get(column).from();
                double y = top + rows.slots().get(row).from();
                edge(path, rows.touches(row) && chosen.equals(groups[row - 1][column]), x, y, "h", cell);
                edge(path, rows.touches(row + 1) && chosen.equals(groups[row + 1][column]), x, y + HEIGHT_OF_CELL, "h",
                        cell);
                edge(path, columns.touches(column) && chosen.equals(groups[row][column - 1]), x, y, "v",
                        HEIGHT_OF_CELL);
                edge(path, columns.touches(column + 1) && chosen.equals(groups[row][column + 1]), x + cell, y, "v",
                        HEIGHT_OF_CELL);
            }
        }
        if (chosen != null) {
            svg.element("path", "d", path.toString(), "fill", "none", "stroke", INK, "stroke-width", 2.5,
                    "stroke-linecap", "square");
        }
    }

    private static void edge(StringBuilder path, boolean within, double x, double y, String direction, double length) {
        if (!within) {
            path.append('M').append(Svg.number(x)).append(' ').append(Svg.number(y)).append(direction)
                    .append(Svg.number(length));
        }
    }

    private List<String> legend(GroupColours colours) {
        List<String> lines = new ArrayList<>();
        String most = grouping.workload().isPadded() ? "up to " : "";
        lines.add("Outlined: one group, " + most + grouping.view().groupSize() + " of the "
                + grouping.workload().stored().size() + " elements, " + words.shared() + ".");
        lines.add("Colours: groups, " + words.pattern() + "."
                + (colours.repeat() ? " There are more groups than colours." : ""));
        lines.add(grouping.hasParameters() ? "Numbers: the index of the parameter that the element takes, "
                + words.taken() + "." : "No numbers: there is neither weight nor bias.");
        if (grouping.workload().isPadded()) {
            lines.add("Hatched: padding, which belongs to no group.");
        }
        if (!columns.cuts().isEmpty() || !rows.cuts().isEmpty()) {
            lines.add("Dotted lines: indices left out; the sizes named are the whole tensor's.");
        }
        return lines.stream().flatMap(line -> wrapped(line, 6.6).stream()).toList();
    }

    private List<String> wrapped(String line, double letter) {
        int most = (int) ((width - 2 * MARGIN) / letter);
        List<String> lines = new ArrayList<>();
        String rest = line;
        while (rest.length() > most) {
            int blank = rest.lastIndexOf(' ', most);
            int end = blank > 0 ? blank : most;
            lines.add(rest.substring(0, end));
            rest = rest.substring(end).strip();
        }
        lines.add(rest);
        return lines;
    }

    private void text(String words, double x, double y, double size, String anchor, String fill, String weight) {
        svg.words("text", words, "x", x, "y", y, "font-size", size, "text-anchor", anchor, "fill", fill, "font-weight",
                weight);
    }
}
