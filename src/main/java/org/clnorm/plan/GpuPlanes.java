package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Launches of {@code gpu/planes.cl}: groups of planes, either the channels of batch normalization or rows of segments.
 *
 * @param groups    the number of groups
 * @param planes    planes a group
 * @param span      contiguous elements a plane
 * @param rowGroups after how many groups the parameters repeat, where each plane has one; 0 where a group has one
 * @param pack      elements in 16 bytes
 */
record GpuPlanes(long groups, long planes, long span, long rowGroups, int pack) {
    private static final String PROGRAM = "gpu/planes";
    /** Work-items of a team that owns a whole group; from the literature, not measured. */
    private static final long TEAM = 512;
    /** Elements a segment must have before its sums are worth chunks of their own; reasoned. */
    private static final long SPLIT_SPAN = 1_024;

    static GpuPlanes of(Planes planes, Task task) {
        return new GpuPlanes(planes.channels(), planes.outer(), planes.span(), 0, Gpu.pack(task));
    }

    static GpuPlanes of(Rows rows, Task task) {
        return new GpuPlanes(rows.rows(), rows.segments(), rows.span(), rows.rowGroups(), Gpu.pack(task));
    }

    /** How a group is cut: chunkPlanes planes by chunkSpan elements. */
    record Chunks(long planes, long span, long spanChunks, long count) {
    }

    boolean segmented() {
        return rowGroups > 0;
    }

    private boolean aligned() {
        return span % pack == 0;
    }

    long size() {
        return planes * span;
    }

    /** Chunks that keep the device busy, of whole planes where planes are short; of one plane each if asked for. */
    Chunks chunks(boolean onePlane, Traits traits) {
        long wanted = Gpu.ceil(Gpu.SHARES * traits.computeUnits(), groups);
        long elements = Math.max(Gpu.CHUNK_ELEMENTS, Gpu.ceil(size(), wanted));
        long chunkPlanes = onePlane ? 1 : Math.max(1, Math.min(planes, elements / span));
        long chunkSpan = chunkPlanes > 1 ? span : Math.min(span, Gpu.roundUp(elements, pack));
        long spanChunks = Gpu.ceil(span, chunkSpan);
        return new Chunks(chunkPlanes, chunkSpan, spanChunks, spanChunks * Gpu.ceil(planes, chunkPlanes));
    }

    boolean split(Traits traits) {
        return Gpu.tooFew(groups, size(), traits);
    }

    /** Statistics, and y, a team to a group. */
    Step forward(Task task, Traits traits) {
        GpuTeam team = whole(traits);
        return step("forward", options(team, task), team.workGroups(groups), team, scalars(null));
    }

    /** Statistics of groups cut into chunks. */
    List<Step> statistics(Task task, Chunks chunks, Traits traits) {
        GpuTeam part = part(chunks, traits);
        GpuTeam team = whole(traits);
        Map<String, Integer> options = options(part, task);
        return List.of(step("chunk_moments", options, part.workGroups(groups) * chunks.count(), part, scalars(chunks)),
                step("merge_moments", options(team, task), team.workGroups(groups), team, scalars(chunks)));
    }

    Step apply(Task task, Chunks chunks, Traits traits) {
        GpuTeam team = part(chunks, traits);
        return step("apply", options(team, task), team.workGroups(groups) * chunks.count(), team, scalars(chunks));
    }

    /** Sums, and dx, a team to a group. */
    NormPlan backward(String variant, Task task, Traits traits) {
        GpuTeam team = whole(traits);
        long blocks = segmented() ? groups / rowGroups : 1;
        Map<String, Long> scalars = scalars(null);
        scalars.put("raw", Gpu.raw(blocks, parameters()));
        List<Step> steps = new ArrayList<>();
        steps.add(step("backward", options(team, task), team.workGroups(groups), team, scalars));
        return finished(variant, task, steps, blocks, task.parameters(), said(team), traits);
    }

    /** Sums of chunks, then dx of chunks; at once where the statistics were given. */
    NormPlan backwardInChunks(String variant, Task task, Traits traits) {
        boolean given = task.statistics() == Task.Statistics.GIVEN;
        Chunks chunks = chunks(segmented(), traits);
        GpuTeam team = part(chunks, traits);
        long blocks = segmented() ? groups / rowGroups * chunks.spanChunks() : chunks.count();
        Map<String, Long> scalars = scalars(chunks);
        scalars.put("raw", Gpu.raw(blocks, parameters()));
        long workGroups = team.workGroups(groups) * chunks.count();
        List<Step> steps = new ArrayList<>();
        steps.add(step("chunk_sums", options(team, task), workGroups, team, scalars));
        if (task.dx() && !given) {
            steps.add(step("gradient", options(team, task), workGroups, team, scalars));
        }
        return finished(variant, task, steps, blocks, task.parameters() || !given, said(chunks), traits);
    }

    private NormPlan finished(String variant, Task task, List<Step> steps, long blocks, boolean written, String said,
            Traits traits) {
        if (task.parameters()) {
            Gpu.sum(steps, blocks, parameters(), traits);
        }
        return Gpu.plan(variant, said, steps, Gpu.partials(written, blocks, parameters()), task);
    }

    /** Whether the backward pass over chunks pays: segments too short for chunks of their own stay with their group. */
    boolean splitBackward(Traits traits) {
        return split(traits) && (!segmented() || span >= SPLIT_SPAN);
    }

    String said(Chunks chunks) {
        return groups + " groups of " + planes + " × " + span + " elements, in " + chunks.count() + " chunks each";
    }

    String said(Traits traits) {
        return said(whole(traits));
    }

    private String said(GpuTeam team) {
        return groups + " groups of " + planes + " × " + span + " elements, " + team.items() + " work-items each";
    }

    private long parameters() {
        return segmented() ? rowGroups * planes : groups;
    }

    private GpuTeam whole(Traits traits) {
        return GpuTeam.of(planes, span, groups, TEAM, pack, traits);
    }

    private GpuTeam part(Chunks chunks, Traits traits) {
        return GpuTeam.of(chunks.planes(), chunks.span(), groups * chunks.count(), GpuTeam.WORK_GROUP, pack, traits);
    }

    private Map<String, Integer> options(GpuTeam team, Task task) {
        Map<String, Integer> options = team.options(aligned());
        options.put("SEGMENTED", Gpu.flag(segmented()));
        Gpu.options(options, task);
        return options;
    }

    private Map<String, Long> scalars(Chunks chunks) {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("groups", groups);
        scalars.put("planes", planes);
        scalars.put("span", span);
        scalars.put("row_groups", Math.max(1, rowGroups));
        if (chunks != null) {
            scalars.put("chunk_planes", chunks.planes());
            scalars.put("chunk_span", chunks.span());
            scalars.put("span_chunks", chunks.spanChunks());
            scalars.put("chunks", chunks.count());
        }
        return scalars;
    }

    private static Step step(String kernel, Map<String, Integer> options, long workGroups, GpuTeam team,
            Map<String, Long> scalars) {
        return new Step(PROGRAM, kernel, options, workGroups, team.workGroup(), scalars);
    }
}
