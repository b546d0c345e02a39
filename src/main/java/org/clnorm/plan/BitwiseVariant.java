package org.clnorm.plan;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clnorm.tensor.DeviceRequest;

/**
 * The same bits on every device: one order of adding, see {@code common/bitwise.cl}, of which nothing here decides
 * anything. Runs only when it is asked for. Accepts what the plain variant does, and shares out the work so that
 * neighbouring floats are read together: along a group, or across groups where these interleave.
 */
final class BitwiseVariant implements Variant {
    private static final String PROGRAM = "common/bitwise";
    private static final long LOCAL_BYTES = 4 * Float.BYTES;
    /** The lanes of a long sequence, a constant of the kernels. */
    private static final long LANES = 256;
    private static final long CPU_WIDTH = 16;
    /** Neighbouring groups that a work-group of a GPU takes where they interleave, and work-items for each. */
    private static final long GPU_TILE = 32;
    private static final long GPU_WORKERS = 8;

    /**
     * Sequences to add up, which are groups or what shares a parameter.
     *
     * @param order    the four axes or fewer, those of a sequence last
     * @param elements how many are a sequence's
     * @param others   how far the parameter, or the group, moves along each
     */
    private record Sequences(List<Axis> order, int elements, List<Long> others) {
        static Sequences groups(NormView view) {
            List<Axis> order = FourAxes.groupsFirst(view);
            return padded(order, view.reduced().size(), order.stream().map(Axis::paramStride).toList());
        }

        static Sequences parameters(NormView view) {
            List<Axis> order = FourAxes.parametersFirst(view);
            int elements = (int) order.stream().filter(axis -> axis.paramStride() == 0).count();
            return padded(order, elements, order.stream().map(axis -> FourAxes.groupStride(view, axis)).toList());
        }

        /** A sequence has an axis, if only of one element. */
        private static Sequences padded(List<Axis> order, int elements, List<Long> others) {
            if (elements > 0) {
                return new Sequences(order, elements, others);
            }
            List<Axis> axes = new ArrayList<>(order);
            axes.add(Axis.reduced(1, 0, 0));
            List<Long> numbers = new ArrayList<>(others);
            numbers.add(0L);
            return new Sequences(axes, 1, numbers);
        }

        long size() {
            return product(order.subList(order.size() - elements, order.size()));
        }

        long count() {
            return product(order.subList(0, order.size() - elements));
        }

        /** The innermost axis that tells sequences apart, or one of a single index. */
        private Axis outer() {
            int outer = order.size() - elements;
            return outer == 0 ? Axis.kept(1, 0, 0) : order.get(outer - 1);
        }

        boolean across() {
            return outer().stride() == 1 && order.get(order.size() - 1).stride() != 1;
        }

        long neighbours() {
            return across() ? outer().size() : 1;
        }

        private static long product(List<Axis> axes) {
            return axes.stream().mapToLong(Axis::size).reduce(1, (a, b) -> a * b);
        }
    }

    @Override
    public String name() {
        return DeviceRequest.BITWISE;
    }

    @Override
    public KernelSet kernels() {
        return null;
    }

    /** The mirror knows nothing of them. */
    @Override
    public boolean joins() {
        return false;
    }

    @Override
    public Optional<NormPlan> plan(Task task, Traits traits) {
        Sequences groups = Sequences.groups(task.view());
        if (!FourAxes.say(task) || groups.order().size() > FourAxes.MOST) {
            return Optional.empty();
        }
        List<Step> steps = new ArrayList<>();
        Map<String, Long> scratch = new HashMap<>();
        if (task.pass() == Task.Pass.FORWARD) {
            steps.add(step("forward", task, groups, traits));
        }
        if (task.parameters()) {
            Sequences parameters = Sequences.parameters(task.view());
            if (parameters.order().size() > FourAxes.MOST) {
                return Optional.empty();
            }
            steps.add(step("parameter_gradients", task, parameters, traits));
            scratch.put("partials", 2 * task.view().parameters());
        }
        if (task.dx()) {
            // after the last one that reads x and dy, whose place dx may take
            steps.add(step("backward", task, groups, traits));
        }
        if (task.parameters()) {
            steps.add(StatisticsSteps.sumPartials(1, task.view().parameters(), traits));
        }
        return Optional.of(new NormPlan(name(), "gives the same bits on every device", steps, scratch,
                task.bytes(task.pass() == Task.Pass.FORWARD || !task.dx() ? 2 : 3)));
    }

    private static Step step(String kernel, Task task, Sequences sequences, Traits traits) {
        long lanes = Math.min(LANES, ceilingPower(sequences.size()));
        long neighbours = sequences.neighbours();
        long width = 1;
        long tile = 1;
        long workers = 1;
        long items = mostItems(traits);
        if (traits.kernels() == KernelSet.CPU) {
            width = CPU_WIDTH;
        } else if (sequences.across()) {
            tile = Math.min(Math.min(GPU_TILE, ceilingPower(neighbours)), items);
            workers = Math.min(Math.min(GPU_WORKERS, lanes), items / tile);
        } else {
            workers = Math.min(lanes, items);
        }
        long across = sequences.across() ? width * tile : 1;
        long tiles = (neighbours + across - 1) / across;
        Map<String, Integer> options = new HashMap<>(Map.of("WIDTH", (int) width, "TILE", (int) tile,
                "WORKERS", (int) workers, "ACROSS", sequences.across() ? 1 : 0, "ELEMENT_AXES", sequences.elements(),
                "HAS_WEIGHT", task.weight() ? 1 : 0, "HAS_BIAS", task.bias() ? 1 : 0, "GIVEN",
                task.given() ? 1 : 0));
        if (sequences.size() > Integer.MAX_VALUE) {
            options.put("WIDE", 1);
        }
        return new Step(PROGRAM, kernel, options, sequences.count() / neighbours * tiles, tile * workers,
                scalars(task.view(), sequences, lanes, neighbours, tiles));
    }

    /** Work-items that a work-group may have, a power of two: each takes four floats of local memory. */
    private static long mostItems(Traits traits) {
        return Long.highestOneBit(Math.max(1, Math.min(traits.maxWorkGroup(), traits.localBytes() / LOCAL_BYTES)));
    }

    private static Map<String, Long> scalars(NormView view, Sequences sequences, long lanes, long neighbours,
            long tiles) {
        Map<String, Long> scalars = FourAxes.places(sequences.order());
        FourAxes.number(scalars, "other", sequences.others());
        scalars.put("groups", view.groups());
        scalars.put("parameters", view.parameters());
        scalars.put("sequence_size", sequences.size());
        scalars.put("lanes", lanes);
        scalars.put("neighbours", neighbours);
        scalars.put("tiles", tiles);
        return scalars;
    }

    private static long ceilingPower(long number) {
        return number <= 1 ? 1 : 2 * Long.highestOneBit(number - 1);
    }
}
