package org.clnorm.conformance;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Exact values in all layers, in shapes of every pattern of memory, through every pass. */
final class ExactWorkloads {
    private static final List<String> BATCH = List.of("2x3", "3x5", "8x1", "64x33", "100x16", "1000x3", "4097x7",
            "257x130", "100003x2", "2x3x1", "3x4x7", "7x2x64", "5x6x1000", "2x3x4x4", "3x5x7x9", "8x4x14x14",
            "1x2x3x3", "32x3x5x5", "2x16x32x32", "4x2x100x100", "1x3x317x211", "2x3x2x3x5", "3x2x4x5x9",
            "65536x3", "2x2x512x512");
    private static final List<String> INSTANCE = List.of("1x2x2", "3x5x7", "2x4x16", "4x3x33", "2x2x1000", "1x3x65537",
            "2x3x2x2", "3x2x7x5", "2x4x8x8", "5x6x14x14", "1x1x31x33", "2x3x64x64", "1x2x300x301", "2x3x2x3x5",
            "1x4x8x8x8", "16x16x4x4", "64x3x3x3", "2x2x17x19", "3x3x128x1", "1x2x512x512");
    private static final List<String> GROUP = List.of("2x4 groups=2", "3x6 groups=3", "1x64 groups=8",
            "5x6x7 groups=2", "2x8x3 groups=4", "4x12x16 groups=6", "2x6x5x7 groups=3", "3x4x8x8 groups=1",
            "2x32x14x14 groups=8", "1x6x33x31 groups=6", "2x4x64x64 groups=2", "1x2x100003 groups=1",
            "2x6x3x5x4 groups=3", "7x10x1x3 groups=5", "16x20x4x4 groups=5", "2x64x7x7 groups=32",
            "1x4x256x256 groups=2", "3x9x11 groups=3", "2x2x2x2x2 groups=1", "1x512x28x28 groups=32");
    private static final List<String> LAYER = List.of("2 of 2", "3x2 of 2", "1x7 of 7", "5x8 of 8", "9x16 of 16",
            "4x33 of 33", "3x100 of 100", "64x127 of 127", "10x1000 of 1000", "2x4097 of 4097", "3x65536 of 65536",
            "1x100003 of 100003", "500x12 of 12", "1025x32 of 32", "2x3x5 of 5", "2x3x5 of 3x5", "4x6x8 of 6x8",
            "2x4x7x9 of 4x7x9", "3x2x16x16 of 16x16", "2x3x64x64 of 3x64x64", "33x768 of 768", "7x3072 of 3072",
            "1x524288 of 524288", "2x1048576 of 1048576", "300x3 of 3");

    private ExactWorkloads() {
    }

    /** Every shape with an eps of 0, as others have it, and in 16 bits: the same mixture however few are taken. */
    static List<Workload> some(int count) {
        List<Workload> all = all();
        Collections.shuffle(all, new Random(1));
        return all.subList(0, Math.min(count, all.size()));
    }

    private static List<Workload> all() {
        List<Workload> all = new ArrayList<>();
        BATCH.forEach(shape -> add(all, "batch_norm " + shape + " momentum=1 variance=biased"));
        INSTANCE.forEach(shape -> add(all,
                "instance_norm " + shape + " affine=true track=true momentum=1 variance=biased"));
        GROUP.forEach(shape -> add(all, "group_norm " + shape));
        LAYER.forEach(shape -> add(all, "layer_norm " + shape.replace(" of ", " normalized_shape=")));
        return all;
    }

    private static void add(List<Workload> all, String layer) {
        int seed = all.size();
        String exact = layer + " x=exact dy=exact seed=" + seed;
        all.add(Workload.parse(exact + " steps=te eps=0"));
        all.add(Workload.parse(exact));
        all.add(Workload.parse(exact + " steps=et dtype=" + (seed % 2 == 0 ? "bf16" : "f16")));
    }
}
