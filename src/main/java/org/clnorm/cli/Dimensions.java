package org.clnorm.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.clnorm.conformance.LayerKind;
import org.clnorm.conformance.Workload;

/** What the dimensions of a workload's tensors are called, and which of them a picture draws from left to right. */
final class Dimensions {
    private static final List<List<String>> SPACE = List.of(List.of(), List.of("L"), List.of("H", "W"),
            List.of("D", "H", "W"));

    private Dimensions() {
    }

    private static boolean overLast(Workload workload) {
        return workload.kind() == LayerKind.LAYER_NORM || workload.kind() == LayerKind.RMS_NORM;
    }

    private static boolean says(Workload workload, String setting) {
        return Arrays.asList(workload.toString().split(" ")).contains(setting);
    }

    /** Names as the field uses them, in the order of memory. */
    static List<String> names(Workload workload) {
        int rank = workload.stored().rank();
        if (overLast(workload)) {
            return switch (rank) {
                case 1 -> List.of("D");
                case 2 -> List.of("N", "D");
                case 3 -> workload.isPadded() ? List.of("N", "T", "D") : List.of("T", "B", "D");
                case 4 -> List.of("N", "C", "H", "W");
                case 5 -> List.of("N", "C", "D", "H", "W");
                default -> IntStream.range(0, rank).mapToObj(dim -> "D" + dim).toList();
            };
        }
        List<String> names = new ArrayList<>(says(workload, "unbatched=true") ? List.of() : List.of("N"));
        int space = rank - names.size() - 1;
        List<String> spatial = space < SPACE.size() ? SPACE.get(space)
                : IntStream.rangeClosed(1, space).mapToObj(dim -> "S" + dim).toList();
        int channels = names.size();
        names.addAll(spatial);
        names.add(says(workload, "layout=nhwc") ? names.size() : channels, "C");
        return names;
    }

    /** A letter for each dimension: x for those drawn from left to right, y for those from top to bottom. */
    static String places(Workload workload) {
        String names = String.join("", names(workload));
        return switch (names) {
            case "NCL" -> "yxx";
            case "NCHW" -> "yxyx";
            case "NCDHW" -> "yxyyx";
            case "NLC", "TBD", "NTD" -> "yyx";
            case "NHWC" -> "yyxx";
            case "NDHWC" -> "yyyxx";
            case "CHW" -> "xyx";
            case "CDHW" -> "xyyx";
            case "HWC" -> "yxx";
            case "DHWC" -> "yyxx";
            default -> alternating(workload.stored().rank());
        };
    }

    private static String alternating(int rank) {
        return "yx".repeat(rank).substring(rank % 2).substring(0, rank);
    }
}
