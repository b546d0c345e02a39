package org.clnorm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.clnorm.NormLayer;
import org.clnorm.TrackingLayer;
import org.clnorm.conformance.LayerKind;
import org.clnorm.plan.Task;

/** Says in words which elements of a workload share statistics and parameters. */
final class ExplainText {
    private final Grouping grouping;

    ExplainText(Grouping grouping) {
        this.grouping = grouping;
    }

    /** One fact a line. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("workload:    " + grouping.workload());
        lines.add("layer:       " + grouping.layer());
        lines.add("x:           " + shape() + ", " + grouping.workload().stored().size() + " elements, "
                + grouping.workload().dataType());
        lines.add("groups:      " + groups());
        lines.add("one group:   " + pattern());
        lines.add("in words:    " + together());
        lines.add("parameters:  " + parameters());
        try (NormLayer layer = grouping.workload().layer()) {
            lines.add("running:     " + running(layer));
            lines.add("evaluation:  " + evaluation(layer));
        }
        for (String setting : grouping.settings()) {
            String meaning = SettingNotes.of(setting);
            if (!meaning.isEmpty()) {
                lines.add("             " + setting + ": " + meaning);
            }
        }
        return lines;
    }

    /** Such as [N=3, C=6]. */
    String shape() {
        return dims(dim -> grouping.name(dim) + "=" + grouping.size(dim));
    }

    /** How many groups of how many elements. */
    String groups() {
        long count = grouping.view().groups();
        long size = grouping.view().groupSize();
        String most = grouping.workload().isPadded() ? "up to " : "";
        return count + (count == 1 ? " group of " : " groups of ") + most + size
                + (size == 1 ? " element" : " elements") + (count == 1 ? "" : " each") + ", " + shared();
    }

    /** What the elements of a group have in common. */
    String shared() {
        if (grouping.statistics() == Task.Statistics.GIVEN) {
            return "normalized by one running mean and variance";
        }
        return grouping.workload().kind() == LayerKind.RMS_NORM ? "with one root mean square"
                : "with one mean and one variance";
    }

    /** The elements of a group as an index: x[n, :, :]. */
    String pattern() {
        List<String> each = new ArrayList<>();
        String index = dims(dim -> {
            String letter = letter(dim);
            long run = grouping.run(dim);
            if (run == grouping.size(dim)) {
                return ":";
            }
            if (run == 1) {
                each.add(letter + " = 0 … " + (grouping.size(dim) - 1));
                return letter;
            }
            String block = letter + "0";
            long last = grouping.size(dim) - run;
            each.add(block + " = 0, " + run + (last == run ? "" : last == 2 * run ? ", " + last : " … " + last));
            return block + ":" + block + "+" + run;
        });
        return "x" + index + (each.isEmpty() ? "" : " for each " + String.join(", ", each));
    }

    private String together() {
        List<String> agree = new ArrayList<>();
        List<String> differ = new ArrayList<>();
        for (int dim = 0; dim < grouping.rank(); dim++) {
            long run = grouping.run(dim);
            if (run == grouping.size(dim)) {
                differ.add(grouping.name(dim));
            } else {
                agree.add(run == 1 ? "agree in " + grouping.name(dim)
                        : "lie in the same block of " + run + " neighbours in " + grouping.name(dim));
            }
        }
        String free = differ.isEmpty() ? "" : "; " + String.join(", ", differ) + " may differ";
        return agree.isEmpty() ? "all elements share statistics"
                : "elements share statistics if they " + String.join(" and ", agree) + free;
    }

    /** Which parameters there are, and which an element takes. */
    String parameters() {
        if (!grouping.hasParameters()) {
            return "none, y is the normalized x";
        }
        return parameterNames().collect(Collectors.joining(" and ")) + " of " + grouping.view().parameters()
                + (grouping.view().parameters() == 1 ? " element each; x" : " elements each; x")
                + dims(this::letter) + " takes " + taken();
    }

    /** Such as weight[c] and bias[c]. */
    String taken() {
        String index = grouping.parameterDims().stream().map(this::letter).collect(Collectors.joining(", "));
        return parameterNames().map(name -> name + "[" + (index.isEmpty() ? "0" : index) + "]")
                .collect(Collectors.joining(" and "));
    }

    private Stream<String> parameterNames() {
        return IntStream.range(0, 2).filter(i -> i == 0 ? grouping.weight() : grouping.bias())
                .mapToObj(i -> i == 0 ? "weight" : "bias");
    }

    private static String running(NormLayer layer) {
        return layer instanceof TrackingLayer tracking && tracking.tracks()
                ? "running_mean and running_var, " + tracking.numFeatures() + " each: one of each a channel; training "
                        + (tracking.statisticsFrozen() ? "leaves them as they are (frozen)" : "moves them")
                : "none";
    }

    private static String evaluation(NormLayer layer) {
        return layer instanceof TrackingLayer tracking && tracking.tracks()
                ? "by running_mean[c] and running_var[c]: then no element depends on another"
                : "as in training, by the statistics of the input itself";
    }

    private String letter(int dim) {
        return grouping.name(dim).toLowerCase(Locale.ROOT);
    }

    private String dims(IntFunction<String> of) {
        return IntStream.range(0, grouping.rank()).mapToObj(of).collect(Collectors.joining(", ", "[", "]"));
    }
}
