package org.clnorm.plan;

import static org.clnorm.plan.Threshold.CPU_PART;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Channels of several planes each on a CPU device: a work-item does a channel, or a piece of it where they are few. */
final class CpuPlanesVariant implements Variant {
    @Override
    public String name() {
        return "cpu/planes";
    }

    @Override
    public KernelSet kernels() {
        return KernelSet.CPU;
    }

    @Override
    public boolean does(Task task) {
        return CpuWork.gates(task) ? task.dx() : !task.forward() || task.form().join() != Join.BEFORE;
    }

    @Override
    public boolean measures() {
        return true;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        return Planes.of(task).filter(planes -> planes.span() > 1).map(planes -> plan(task, planes, traits))
                .or(() -> Batches.of(task).map(batches -> plan(task, batches, traits)));
    }

    private NormPlan plan(Task task, Planes planes, Traits traits) {
        boolean forward = task.forward();
        if (task.given()) {
            return forward ? givenForward(task, planes, traits) : givenBackward(task, planes, traits);
        }
        if (CpuWork.tooFew(planes.channels(), task.view().elements(), traits)) {
            return forward ? piecesForward(task, planes, traits) : piecesBackward(task, planes, traits);
        }
        return forward ? channelsForward(task, planes, traits) : channelsBackward(task, planes, traits);
    }

    /** Batches by themselves, in training: a group is a channel of one of them. */
    private NormPlan plan(Task task, Batches batches, Traits traits) {
        Planes planes = batches.each();
        long groups = batches.count() * planes.channels();
        String reason = batches.count() + " batches by themselves, each " + said(planes)
                + ", a channel of one a work-item";
        if (task.forward()) {
            Step step = CpuWork.step("cpu/planes", "planes_forward", forwardOptions(task, planes, traits), groups,
                    scalars(planes));
            return CpuWork.plan(name(), reason, List.of(step), Map.of(), task);
        }
        List<Step> steps = new ArrayList<>();
        steps.add(CpuWork.step("cpu/planes_backward", "batches_backward",
                CpuWork.options(task, traits, planes.span()), groups, scalars(planes)));
        if (task.parameters()) {
            steps.add(CpuWork.sumPartials(batches.count(), planes.channels(), traits));
        }
        return CpuWork.plan(name(), reason, steps, Map.of("partials", task.parameters() ? 2 * groups : 1), task);
    }

    private NormPlan channelsForward(Task task, Planes planes, Traits traits) {
        Step step = CpuWork.step("cpu/planes", "planes_forward", forwardOptions(task, planes, traits),
                planes.channels(), scalars(planes));
        return CpuWork.plan(name(), said(planes) + ", a channel a work-item", List.of(step), Map.of(), task);
    }

    private NormPlan channelsBackward(Task task, Planes planes, Traits traits) {
        Step step = CpuWork.step("cpu/planes_backward", "planes_backward",
                CpuWork.options(task, traits, planes.span()), planes.channels(), scalars(planes));
        return CpuWork.plan(name(), said(planes) + ", a channel a work-item", List.of(step), Map.of(), task);
    }

    private static Map<String, Integer> forwardOptions(Task task, Planes planes, Traits traits) {
        Map<String, Integer> options = CpuWork.options(task, traits, planes.span());
        StatisticsSteps.fold(options, task);
        CpuWork.keepSigns(options, task);
        return options;
    }

    private NormPlan piecesForward(Task task, Planes planes, Traits traits) {
        Map<String, Integer> options = forwardOptions(task, planes, traits);
        Cut cut = Cut.of(planes, traits.threshold(CPU_PART));
        long pieces = cut.pieces(planes.outer());
        Map<String, Long> scalars = scalars(planes, cut);
        scalars.put("pieces", pieces);
        List<Step> steps = new ArrayList<>();
        steps.add(CpuWork.step("cpu/planes", "planes_moments", options, pieces * planes.channels(), scalars));
        steps.add(CpuWork.step("cpu/planes", "planes_merge", options, planes.channels(), scalars));
        if (task.pass() == Task.Pass.FORWARD) {
            steps.add(apply(options, planes, traits));
        }
        return CpuWork.plan(name(), said(planes) + ", in " + pieces + " pieces each", steps,
                Map.of("partials", 3 * pieces * planes.channels()), task);
    }

    private NormPlan piecesBackward(Task task, Planes planes, Traits traits) {
        Map<String, Integer> options = CpuWork.options(task, traits, planes.span());
        Cut cut = Cut.of(planes, traits.threshold(CPU_PART));
        long pieces = cut.pieces(planes.outer());
        Map<String, Long> scalars = scalars(planes, cut);
        scalars.put("pieces", pieces);
        List<Step> steps = new ArrayList<>();
        steps.add(CpuWork.step("cpu/planes_backward", "planes_sums", options, pieces * planes.channels(), scalars));
        if (task.dx()) {
            Cut stretch = stretch(planes, traits);
            steps.add(CpuWork.step("cpu/planes_backward", "planes_fold", options, planes.channels(), scalars));
            steps.add(CpuWork.step("cpu/planes_backward", "planes_dx", options,
                    stretch.pieces(planes.outer() * planes.channels()), scalars(planes, stretch)));
        }
        if (task.parameters()) {
            steps.add(CpuWork.sumPartials(pieces, planes.channels(), traits));
        }
        return CpuWork.plan(name(), said(planes) + ", in " + pieces + " pieces each", steps,
                Map.of("partials", 2 * pieces * planes.channels(), "means", 2 * planes.channels()), task);
    }

    private NormPlan givenForward(Task task, Planes planes, Traits traits) {
        Step step = apply(forwardOptions(task, planes, traits), planes, traits);
        return CpuWork.plan(name(), said(planes) + ", statistics given", List.of(step), Map.of(), task);
    }

    private NormPlan givenBackward(Task task, Planes planes, Traits traits) {
        Map<String, Integer> options = CpuWork.options(task, traits, planes.span());
        options.put("GIVEN", 1);
        if (task.parameters() && !CpuWork.tooFew(planes.channels(), task.view().elements(), traits)) {
            Step step = CpuWork.step("cpu/planes_backward", "planes_backward", options, planes.channels(),
                    scalars(planes));
            return CpuWork.plan(name(), said(planes) + ", statistics given, a channel a work-item", List.of(step),
                    Map.of(), task);
        }
        Cut cut = stretch(planes, traits);
        List<Step> steps = new ArrayList<>();
        steps.add(CpuWork.step("cpu/planes_backward", "planes_given", options,
                cut.pieces(planes.outer() * planes.channels()), scalars(planes, cut)));
        long pieces = planes.outer() * cut.parts();
        if (task.parameters()) {
            steps.add(CpuWork.sumPartials(pieces, planes.channels(), traits));
        }
        return CpuWork.plan(name(), said(planes) + ", statistics given", steps,
                Map.of("partials", task.parameters() ? 2 * pieces * planes.channels() : 1), task);
    }

    private static Step apply(Map<String, Integer> options, Planes planes, Traits traits) {
        Cut cut = stretch(planes, traits);
        return CpuWork.step("cpu/planes", "planes_apply", options, cut.pieces(planes.outer() * planes.channels()),
                scalars(planes, cut));
    }

    /** Consecutive slices for a work-item, whatever their channels. */
    private static Cut stretch(Planes planes, Traits traits) {
        if (planes.span() > traits.threshold(CPU_PART)) {
            return Cut.of(planes, traits.threshold(CPU_PART));
        }
        long slices = CpuWork.block(planes.outer() * planes.channels(), planes.span(), traits);
        return new Cut(slices, 1, planes.span());
    }

    private static Map<String, Long> scalars(Planes planes) {
        Map<String, Long> scalars = new HashMap<>();
        scalars.put("outer", planes.outer());
        scalars.put("channels", planes.channels());
        scalars.put("span", planes.span());
        return scalars;
    }

    private static Map<String, Long> scalars(Planes planes, Cut cut) {
        Map<String, Long> scalars = scalars(planes);
        scalars.put("slices", cut.slices());
        scalars.put("parts", cut.parts());
        scalars.put("part", cut.part());
        return scalars;
    }

    private static String said(Planes planes) {
        return planes.channels() + " channels of " + planes.outer() + " planes of " + planes.span();
    }

    /** Pieces of several whole slices, or of a part of one. */
    private record Cut(long slices, long parts, long part) {
        static Cut of(Planes planes, long elements) {
            long parts = CpuWork.ceil(planes.span(), elements);
            long part = parts == 1 ? planes.span() : elements;
            return new Cut(Math.max(1, elements / planes.span()), parts, part);
        }

        long pieces(long all) {
            return CpuWork.ceil(all, slices) * parts;
        }
    }
}
