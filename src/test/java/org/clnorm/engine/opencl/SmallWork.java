package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Planner;
import org.clnorm.plan.Threshold;
import org.clnorm.plan.Traits;

/**
 * A small tensor with thresholds so low, and a device said to have so little, that its plan is the one of a large
 * tensor.
 */
final class SmallWork {
    /** What plans distinguish besides the shape. */
    enum Mode {
        TRAIN, TRACKING, GIVEN, IN_PLACE, F16, BF16, PLAIN, WITHOUT_DX, FROZEN, LARGE, GIVEN_FROZEN, HALF_IN_PLACE,
        RMS, ACTIVATED, ADD_BEFORE, ADD_AFTER
    }

    private final String variant;
    private final NormView view;
    private final Map<Threshold, Long> thresholds = new EnumMap<>(Threshold.class);
    private KernelSet kernels;
    private int computeUnits = 1;
    private long maxWorkGroup = 64;
    private long localBytes = 8192;
    private boolean ofBatches;

    private SmallWork(String variant, NormView view) {
        this.variant = variant;
        this.view = view;
        kernels = Planner.kernelsOf(variant).orElse(KernelSet.GPU);
    }

    String variant() {
        return variant;
    }

    NormView view() {
        return view;
    }

    private SmallWork with(Threshold threshold, long value) {
        thresholds.put(threshold, threshold.checked(value));
        return this;
    }

    /** Compute units that the device is said to have. */
    private SmallWork units(int value) {
        computeUnits = value;
        return this;
    }

    /** Work-items of a group that the device is said to allow, with local memory for them. */
    private SmallWork items(long value) {
        maxWorkGroup = value;
        localBytes = 128 * value;
        return this;
    }

    /** Batches by themselves, which there are in training alone. */
    private SmallWork ofBatches() {
        ofBatches = true;
        return this;
    }

    Traits traits(DeviceFacts facts) {
        Traits own = facts.traits(kernels);
        return new Traits(own.kernels(), computeUnits, Math.min(maxWorkGroup, own.maxWorkGroup()),
                Math.min(localBytes, own.localBytes()), own.vectorWidth(), own.reduction(),
                own.thresholds().with(thresholds));
    }

    /** The modes in which a result has memory of its own, or the others. */
    Set<Mode> modes(boolean inPlace) {
        Set<Mode> modes = EnumSet.of(Mode.IN_PLACE, Mode.HALF_IN_PLACE);
        if (inPlace) {
            return modes;
        }
        if (isTicketed()) {
            return EnumSet.of(Mode.TRAIN, Mode.TRACKING, Mode.F16, Mode.LARGE, Mode.ACTIVATED, Mode.ADD_BEFORE,
                    Mode.ADD_AFTER);
        }
        modes = EnumSet.complementOf(EnumSet.copyOf(modes));
        if (variant.endsWith("rows") || ofBatches) {
            modes.removeAll(List.of(Mode.GIVEN, Mode.GIVEN_FROZEN));
        }
        if (!variant.endsWith("rows") && !variant.equals("plain")) {
            modes.remove(Mode.RMS);
        }
        if (variant.equals("cpu/columns") || variant.equals("bitwise")) {
            modes.remove(Mode.ACTIVATED);
        }
        if (variant.equals("bitwise")) {
            modes.removeAll(List.of(Mode.ADD_BEFORE, Mode.ADD_AFTER));
        }
        boolean bare = view.withoutParameters().axes().size() == view.axes().size();
        if (!variant.endsWith("rows") && !bare) {
            modes.remove(Mode.PLAIN);
        }
        return modes;
    }

    /** Whether its work-groups wait for one another, by atomic operations. */
    boolean isTicketed() {
        return variant.equals("gpu/planes-ticketed");
    }

    /** Whether work-items that are neighbours make bits of one word, by atomic operations. */
    boolean sharesWords(Mode mode) {
        return mode == Mode.ADD_AFTER && kernels == KernelSet.CPU;
    }

    static List<SmallWork> all() {
        List<SmallWork> all = new ArrayList<>();
        Collections.addAll(all, cpuRows());
        Collections.addAll(all, cpuPlanes());
        Collections.addAll(all, cpuColumns());
        Collections.addAll(all, gpuRows());
        Collections.addAll(all, gpuSegments());
        Collections.addAll(all, gpuPlanes());
        Collections.addAll(all, gpuColumns());
        Collections.addAll(all, new SmallWork("plain", layer(3, 31)), new SmallWork("plain", groups(2, 2, 3, 5)),
                new SmallWork("plain", planes(3, 4, 7)));
        for (KernelSet kernels : KernelSet.values()) {
            Collections.addAll(all, bitwise(kernels, layer(3, 131)), bitwise(kernels, groups(2, 2, 3, 5)),
                    bitwise(kernels, planes(9, 35, 1)));
        }
        return all;
    }

    private static SmallWork[] cpuRows() {
        return new SmallWork[] {
            cpu("cpu/rows", layer(9, 31)),
            cpu("cpu/rows", layer(6, 3)),
            cpu("cpu/rows", layer(11, 100)),
            cpu("cpu/rows", layer(3, 300)),
            cpu("cpu/rows", layer(7, 65)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/rows", layer(9, 33)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/rows", layer(5, 96)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/rows", layer(3, 601)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/rows", layer(3, 1101)).with(Threshold.CPU_LONG_ROW, 0).with(Threshold.CPU_PART, 128)
                    .with(Threshold.CPU_LONG_DENSE_ROW, 0),
            cpu("cpu/rows", layer(1, 2100)).with(Threshold.CPU_PART, 256).units(2),
            cpu("cpu/rows", layer(150, 5)).with(Threshold.CPU_WORK, 1 << 20),
            cpu("cpu/rows", layer(40, 9)).with(Threshold.CPU_SHORT_DENSE_ROW, 0).with(Threshold.CPU_WORK, 1 << 20),
            cpu("cpu/rows", groups(6, 2, 3, 5)),
            cpu("cpu/rows", groups(5, 3, 2, 1)),
            cpu("cpu/rows", groups(90, 2, 2, 3)).with(Threshold.CPU_WORK, 1 << 20),
            cpu("cpu/rows", groups(3, 2, 3, 70)),
            cpu("cpu/rows", groups(1, 2, 3, 70)).with(Threshold.CPU_PART, 32).units(4),
            cpu("cpu/rows", groups(3, 5, 1, 21)),
            cpu("cpu/rows", groups(2, 3, 1, 80)).with(Threshold.CPU_STREAM_BYTES, 0)};
    }

    private static SmallWork[] cpuPlanes() {
        return new SmallWork[] {
            cpu("cpu/planes", planes(3, 5, 37)),
            cpu("cpu/planes", planes(4, 3, 64)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/planes", planes(4, 3, 3)),
            cpu("cpu/planes", batches(2, 2, 3, 37)).ofBatches(),
            cpu("cpu/planes", planes(3, 2, 77)).with(Threshold.CPU_PART, 32).units(4),
            cpu("cpu/planes", planes(7, 2, 5)).with(Threshold.CPU_PART, 16).units(4),
            cpu("cpu/planes", planes(3, 2, 80)).with(Threshold.CPU_PART, 32).units(4)
                    .with(Threshold.CPU_STREAM_BYTES, 0)};
    }

    private static SmallWork[] cpuColumns() {
        return new SmallWork[] {
            cpu("cpu/columns", planes(129, 13, 1)),
            cpu("cpu/columns", planes(3, 2, 1)),
            cpu("cpu/columns", planes(9, 3, 5)),
            cpu("cpu/columns", planes(9, 16, 1)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/columns", planes(5, 20, 19)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/columns", planes(130, 300, 1)),
            cpu("cpu/columns", planes(256, 240, 1)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/columns", planes(130, 11, 12)),
            cpu("cpu/columns", planes(15, 1101, 1)),
            cpu("cpu/columns", planes(35, 1040, 1)).with(Threshold.CPU_CACHED_BYTES, 1024).units(1),
            cpu("cpu/columns", groupsLast(3, 7, 5, 1)),
            cpu("cpu/columns", groupsLast(9, 40, 3, 1)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/columns", groupsLast(2, 31, 1040, 1)),
            cpu("cpu/columns", groupsLast(3, 11, 2, 5)),
            cpu("cpu/columns", groupsLast(5, 36, 4, 8)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/columns", groupsLast(1, 21, 3, 7)),
            cpu("cpu/columns", groupsLast(2, 13, 1, 20)),
            cpu("cpu/columns", groupsLast(2, 31, 70, 15)),
            cpu("cpu/columns", groupsLast(2, 500, 1, 65)).with(Threshold.CPU_CACHED_BYTES, 1024).units(1),
            cpu("cpu/columns", groupsLast(2, 930, 35, 1)).with(Threshold.CPU_CACHED_BYTES, 1024).units(1),
            cpu("cpu/columns", overChannels(3, 7, 5)),
            cpu("cpu/columns", overChannels(2, 70, 49)).with(Threshold.CPU_STREAM_BYTES, 0),
            cpu("cpu/columns", overChannels(1, 33, 1100)),
            cpu("cpu/columns", overChannels(2, 20, 528)).with(Threshold.CPU_STREAM_BYTES, 0)};
    }

    private static SmallWork[] gpuRows() {
        return new SmallWork[] {
            gpu("gpu/rows", layer(20, 64)),
            gpu("gpu/rows", layer(21, 31)),
            gpu("gpu/rows", layer(7, 3)),
            gpu("gpu/rows", layer(3, 2)),
            gpu("gpu/rows", layer(131, 35)),
            gpu("gpu/rows", layer(40, 130)),
            gpu("gpu/rows", layer(3, 500)).with(Threshold.GPU_SHORT_ROW, 64).with(Threshold.GPU_MIDDLE_ROW, 256),
            gpu("gpu/rows", layer(3, 1100)).items(16),
            gpu("gpu/rows", layer(3, 1101)).items(16),
            gpu("gpu/rows", layer(20, 200)).items(16).with(Threshold.GPU_LONG_ROW, 1 << 20),
            gpu("gpu/rows", layer(20, 201)).items(16).with(Threshold.GPU_LONG_ROW, 1 << 20),
            gpu("gpu/rows", layer(150, 9)).items(16).with(Threshold.GPU_FEWEST_ROWS, 1).units(2),
            gpu("gpu/rows", layer(3, 300)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 128)
                    .with(Threshold.GPU_LONG_ROW, 128),
            gpu("gpu/rows", layer(2, 301)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 128)
                    .with(Threshold.GPU_LONG_ROW, 128),
            gpu("gpu/rows", layer(270, 9)).with(Threshold.GPU_LONG_ROW, 0).with(Threshold.GPU_FEWEST_ROWS, 1000)};
    }

    private static SmallWork[] gpuSegments() {
        return new SmallWork[] {
            gpu("gpu/rows", groups(3, 4, 5, 7)),
            gpu("gpu/rows", groups(2, 3, 2, 16)),
            gpu("gpu/rows", groups(67, 1, 3, 8)),
            gpu("gpu/rows", groups(9, 3, 5, 1)),
            gpu("gpu/rows", groups(3, 5, 1, 77)),
            gpu("gpu/rows", groups(3, 5, 1, 32)),
            gpu("gpu/rows", groups(2, 2, 1, 701)).items(16),
            gpu("gpu/rows", groups(2, 2, 3, 200)).items(16),
            gpu("gpu/rows", groups(1, 2, 5, 37)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 64),
            gpu("gpu/rows", groups(2, 1, 2, 1030)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 64),
            gpu("gpu/rows", groups(1, 3, 1, 300)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 64)};
    }

    private static SmallWork[] gpuPlanes() {
        return new SmallWork[] {
            gpu("gpu/planes", planes(5, 7, 9)),
            gpu("gpu/planes", planes(9, 9, 2)),
            gpu("gpu/planes", planes(3, 40, 8)),
            gpu("gpu/planes", planes(1, 5, 32)),
            gpu("gpu/planes", planes(5, 3, 130)).items(16),
            gpu("gpu/planes", planes(30, 3, 13)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 64),
            gpu("gpu/planes", planes(2, 3, 201)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 64),
            gpu("gpu/planes", planes(12, 2, 64)).units(4).with(Threshold.GPU_SPLIT_ELEMENTS, 64)
                    .with(Threshold.GPU_SHARES, 64),
            gpu("gpu/planes-ticketed", planes(5, 7, 31)),
            gpu("gpu/planes-ticketed", planes(2, 2, 4301)),
            gpu("gpu/planes-ticketed", planes(3, 20, 16))};
    }

    private static SmallWork[] gpuColumns() {
        return new SmallWork[] {
            gpu("gpu/columns", planes(29, 13, 1)),
            gpu("gpu/columns", planes(40, 12, 1)),
            gpu("gpu/columns", planes(150, 64, 1)).with(Threshold.GPU_SHARES, 1),
            gpu("gpu/columns", planes(300, 12, 1)).with(Threshold.GPU_SHARES, 16).items(16),
            gpu("gpu/columns", planes(330, 35, 1)).with(Threshold.GPU_SHARES, 16),
            gpu("gpu/columns", planes(1500, 3, 1)).with(Threshold.GPU_SHARES, 16)};
    }

    private static SmallWork cpu(String variant, NormView view) {
        return new SmallWork(variant, view).with(Threshold.CPU_WORK, 2_000).with(Threshold.CPU_STREAM_RUN, 64);
    }

    private static SmallWork gpu(String variant, NormView view) {
        return new SmallWork(variant, view).with(Threshold.GPU_CHUNK_ELEMENTS, 64).with(Threshold.GPU_MANY_GROUPS, 2)
                .with(Threshold.GPU_FEWEST_ROWS, 2);
    }

    private static SmallWork bitwise(KernelSet kernels, NormView view) {
        SmallWork work = new SmallWork("bitwise", view);
        work.kernels = kernels;
        return work;
    }

    private static NormView layer(long rows, long length) {
        return NormView.of(kept(rows, length, 0), reduced(length, 1, 1));
    }

    private static NormView groups(long samples, long groups, long channels, long span) {
        return NormView.of(kept(samples, groups * channels * span, 0), kept(groups, channels * span, channels),
                reduced(channels, span, 1), reduced(span, 1, 0));
    }

    private static NormView batches(long count, long samples, long channels, long span) {
        return NormView.of(kept(count, samples * channels * span, 0), reduced(samples, channels * span, 0),
                kept(channels, span, 1), reduced(span, 1, 0));
    }

    private static NormView planes(long samples, long channels, long span) {
        return NormView.of(reduced(samples, channels * span, 0), kept(channels, span, 1), reduced(span, 1, 0));
    }

    /** Group normalization with channels last; of one member each, instance normalization. */
    private static NormView groupsLast(long samples, long pixels, long groups, long members) {
        long channels = groups * members;
        return NormView.of(kept(samples, pixels * channels, 0), reduced(pixels, channels, 0),
                kept(groups, members, members), reduced(members, 1, 1));
    }

    /** Layer normalization over the channels of [samples, channels, pixels]. */
    private static NormView overChannels(long samples, long channels, long pixels) {
        return NormView.of(kept(samples, channels * pixels, 0), reduced(channels, pixels, 1), kept(pixels, 1, 0));
    }

    @Override
    public String toString() {
        return variant + " " + view + " " + thresholds + ", " + kernels + ", " + computeUnits + " units of "
                + maxWorkGroup;
    }
}
