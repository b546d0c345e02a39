package org.clnorm.plan;

import static org.clnorm.plan.Threshold.GPU_CHUNK_ELEMENTS;
import static org.clnorm.plan.Threshold.GPU_SHARES;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Groups of planes on a GPU, either the channels of batch normalization or rows of segments: a team to a group
 * ({@code gpu/planes.cl}), or groups cut into chunks, see {@link GpuSlices}.
 *
 * @param groups    the number of groups
 * @param planes    planes a group
 * @param span      contiguous elements a plane
 * @param rowGroups rows of segments: after how many groups the parameters repeat; 0 for channels
 * @param pack      elements in 16 bytes
 */
record GpuPlanes(long groups, long planes, long span, long rowGroups, int pack) {
    /** Elements a segment must have before its sums are worth chunks of their own; reasoned. */
    private static final long SPLIT_SPAN = 1_024;
    /** Lanes that read 512 contiguous bytes, which a GPU does at full speed, and that meet by shuffles alone. */
    private static final long LANES = 32;

    static GpuPlanes of(Planes planes, Task task) {
        return new GpuPlanes(planes.channels(), planes.outer(), planes.span(), 0, Gpu.pack(task));
    }

    static GpuPlanes of(Rows rows, Task task) {
        return new GpuPlanes(rows.rows(), rows.segments(), rows.span(), rows.rowGroups(), Gpu.pack(task));
    }

    /** How a group is cut: chunkPlanes planes by chunkSpan elements. */
    record Chunks(long planes, long span, long spanChunks, long count) {
    }

    /** Whether the planes of a group follow each other, with a parameter each. One plane is a group with one. */
    boolean segmented() {
        return rowGroups > 0 && planes > 1;
    }

    private boolean aligned() {
        return span % pack == 0;
    }

    long size() {
        return planes * span;
    }

    /** After how many groups the parameters repeat. */
    long repeat() {
        return rowGroups > 0 ? rowGroups : groups;
    }

    long parameters() {
        return segmented() ? repeat() * planes : repeat();
    }

    /** Chunks that keep the device busy, of whole planes where planes are short; of one plane each if asked for. */
    Chunks chunks(boolean onePlane, Traits traits) {
        return chunks(onePlane, Math.max(traits.threshold(GPU_CHUNK_ELEMENTS),
                Gpu.ceil(size(), Gpu.ceil(traits.threshold(GPU_SHARES) * traits.computeUnits(), groups))));
    }

    /** Chunks of about so many elements. */
    Chunks chunks(boolean onePlane, long wanted) {
        long elements = Math.min(wanted, Gpu.MOST_CHUNK_ELEMENTS);
        long chunkPlanes = onePlane ? 1 : Math.max(1, Math.min(planes, elements / span));
        long chunkSpan = chunkPlanes > 1 ? span : Math.min(span, Gpu.roundUp(elements, pack));
        long spanChunks = Gpu.ceil(span, chunkSpan);
        return new Chunks(chunkPlanes, chunkSpan, spanChunks, spanChunks * Gpu.ceil(planes, chunkPlanes));
    }

    boolean split(Traits traits) {
        return Gpu.tooFew(groups, size(), traits) || size() > Gpu.MOST_CHUNK_ELEMENTS;
    }

    /** Whether the backward pass over chunks pays: segments too short for chunks of their own stay with their group. */
    boolean splitBackward(Traits traits) {
        return split(traits) && (!segmented() || span >= SPLIT_SPAN);
    }

    /** Statistics, and y, a team to a group. */
    NormPlan forward(String variant, Task task, Traits traits) {
        GpuWalk walk = whole(task, traits);
        Map<String, Integer> options = options(walk, planes, task);
        StatisticsSteps.fold(options, task);
        Step step = new Step("gpu/planes", "forward", options, walk.workGroups(groups), walk.workGroup(), scalars());
        return Gpu.plan(variant, said(walk), List.of(step), Map.of(), task);
    }

    /** Sums, and dx, a team to a group. */
    NormPlan backward(String variant, Task task, Traits traits) {
        GpuWalk walk = segmented() ? bySegments(task, traits) : whole(task, traits);
        long blocks = groups / repeat();
        Map<String, Long> scalars = scalars();
        scalars.put("raw", Gpu.raw(blocks, parameters()));
        Map<String, Integer> options = options(walk, planes, task);
        if (segmented()) {
            long wide = Math.min(walk.items(), Math.min(LANES, GpuTeam.powerAbove(packs(span))));
            options.put("LANES", (int) Math.max(wide, walk.items() / GpuTeam.powerAbove(planes)));
        }
        List<Step> steps = new ArrayList<>();
        steps.add(new Step(segmented() ? "gpu/segments" : "gpu/planes", "backward", options, walk.workGroups(groups),
                walk.workGroup(), scalars));
        if (task.parameters()) {
            Gpu.sum(steps, blocks, parameters(), traits);
        }
        return Gpu.plan(variant, said(walk), steps, Gpu.partials(task.parameters(), blocks, parameters()), task);
    }

    private GpuWalk whole(Task task, Traits traits) {
        return GpuWalk.whole(planes * packs(span), groups, pack, aligned() && planes == 1, task, traits);
    }

    private GpuWalk bySegments(Task task, Traits traits) {
        return GpuWalk.part(planes * packs(span), groups, pack, task, traits);
    }

    /** The packs that so many contiguous elements of a plane may touch. */
    long packs(long elements) {
        return aligned() ? Gpu.ceil(elements, pack) : (elements + 2L * pack - 2) / pack;
    }

    /** Build options for teams that walk so many planes. */
    Map<String, Integer> options(GpuWalk walk, long walked, Task task) {
        Map<String, Integer> options = walk.options();
        options.put("ALIGNED", Gpu.flag(aligned()));
        options.put("ONE_PLANE", Gpu.flag(walked == 1));
        options.put("SEGMENTED", Gpu.flag(segmented()));
        Gpu.options(options, task);
        return options;
    }

    Map<String, Long> scalars() {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("groups", groups);
        scalars.put("planes", planes);
        scalars.put("span", span);
        scalars.put("row_groups", repeat());
        return scalars;
    }

    String said() {
        return groups + " groups of " + planes + " × " + span + " elements";
    }

    private String said(GpuWalk walk) {
        return said() + ", " + walk.items() + " work-items each" + (walk.holds() ? ", in registers" : "");
    }
}
