package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Values that are hard to normalize in float, in a few shapes: kernels are compiled once for all values. */
final class HardWorkloads {
    private static final List<String> LAYERS = List.of("layer_norm 5x7 normalized_shape=7 eps=1e-12",
            "layer_norm 3x1000 normalized_shape=1000 affine=false", "batch_norm 33x5 momentum=1",
            "batch_norm 16x3x5x5 eps=1e-30", "group_norm 2x6x7x5 groups=3", "instance_norm 2x3x31x33 eps=1e-12",
            "layer_norm 1x40000 normalized_shape=40000 eps=1e-20", "batch_norm 20000x2 affine=false track=false");

    /** Elements of the large groups. What is more than ten million needs a larger heap: -Dclnorm.heap=12g. */
    private static final long ELEMENTS = Long.getLong("clnorm.hard.elements", 1_000_000);

    private static final List<String> LARGE = List.of(
            "layer_norm 1x" + ELEMENTS + " normalized_shape=" + ELEMENTS + " affine=false",
            "batch_norm 4x1x500x" + ELEMENTS / 2000 + " eps=1e-30", "batch_norm " + ELEMENTS + "x1 track=false");

    private static final double[] RATIOS = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7};
    private static final double[] DEVIATIONS = {1e-30, 1e-20, 1e-10, 1e-2, 1, 100, 1e10, 1e20, 1e30};
    private static final List<String> SCALES = List.of("1e-30", "1e-20", "1e-15", "1e-10", "1e-5", "1", "1e5", "1e10",
            "1e15", "1e18", "3e19", "1e25", "1e30", "1e37", "1e38", "3e38");
    private static final List<String> TINY = List.of("denormal", "scale1e-44", "scale1e-40", "scale1e-38",
            "scale1e-36");
    private static final List<String> OTHERS = List.of("zero", "ones", "const", "constchan", "chanscales", "outlier",
            "spike");

    /**
     * A workload and the kind of values that it has.
     *
     * @param kind     what a report calls them
     * @param workload the workload
     */
    record Hard(String kind, Workload workload) {
    }

    private final List<Hard> all = new ArrayList<>();

    private HardWorkloads() {
    }

    /** The same mixture however few are taken; one of each shape of large groups is among them. */
    static List<Hard> some(int count, boolean denormals) {
        HardWorkloads hard = new HardWorkloads();
        hard.addAll(denormals);
        Collections.shuffle(hard.all, new Random(2));
        List<Hard> some = new ArrayList<>(hard.all.subList(0, Math.min(count, hard.all.size())));
        some.add(hard.of("large groups, offset 1e7 deviations", LARGE.get(0), "offset1e7:1"));
        // squares below the range that needs no rescue, and eps no larger than the variance
        some.add(hard.of("large groups, offset 1e4 deviations", LARGE.get(1), "offset1e-11:1e-15"));
        some.add(hard.of("large groups, one outlier", LARGE.get(2), "outlier"));
        return some;
    }

    private void addAll(boolean denormals) {
        for (String layer : LAYERS) {
            for (double ratio : RATIOS) {
                for (double deviation : DEVIATIONS) {
                    if (ratio * deviation < 1e38) {
                        all.add(of("offset " + WorkloadFormat.number(ratio) + " deviations", layer,
                                "offset" + WorkloadFormat.number(ratio * deviation) + ":"
                                        + WorkloadFormat.number(deviation)));
                    }
                }
            }
            SCALES.forEach(scale -> all.add(of("scale " + scale, layer, "scale" + scale)));
            OTHERS.forEach(family -> all.add(of(family, layer, family)));
            if (denormals) {
                TINY.forEach(family -> all.add(of(family, layer, family)));
            }
        }
    }

    private Hard of(String kind, String layer, String family) {
        return new Hard(kind, Workload.parse(layer + " x=" + family + " seed=" + all.size()));
    }
}
