package org.clnorm.engine.cpu;

import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;
import org.clnorm.plan.Axis;

/**
 * Visits the elements of some axes in row-major order, as runs along the innermost one, and says of each run where it
 * begins in the tensor, among the parameters and among the groups.
 */
final class Walk {
    /** Receives a run of {@code length} elements; strides lead from one to the next. */
    interface Run {
        void visit(int offset, int param, int group, Line line);
    }

    /** The innermost axis: how long it is, and how far each index moves along it. */
    record Line(int length, int stride, int paramStride, int groupStride) {
    }

    private final long[] sizes;
    private final long[] strides;
    private final long[] paramStrides;
    private final long[] groupStrides;
    private final Line line;
    private final long runs;

    /** An axis together with how far the group index moves along it. */
    record Grouped(Axis axis, long groupStride) {
    }

    Walk(List<Grouped> axes) {
        int outer = Math.max(0, axes.size() - 1);
        sizes = numbers(axes, outer, a -> a.axis().size());
        strides = numbers(axes, outer, a -> a.axis().stride());
        paramStrides = numbers(axes, outer, a -> a.axis().paramStride());
        groupStrides = numbers(axes, outer, Grouped::groupStride);
        runs = LongStream.of(sizes).reduce(1, (a, b) -> a * b);
        line = axes.isEmpty() ? new Line(1, 0, 0, 0) : line(axes.get(outer));
    }

    private static long[] numbers(List<Grouped> axes, int count, ToLongFunction<Grouped> number) {
        return axes.subList(0, count).stream().mapToLong(number).toArray();
    }

    private static Line line(Grouped inner) {
        Axis axis = inner.axis();
        return new Line((int) axis.size(), (int) axis.stride(), (int) axis.paramStride(), (int) inner.groupStride());
    }

    /** The number of elements visited. */
    int size() {
        return (int) runs * line.length;
    }

    /** Visits all runs, from a starting point that is added to every position. */
    void forEach(Position start, Run run) {
        for (long r = 0; r < runs; r++) {
            Position at = start.plus(position(r));
            run.visit(at.offset, at.param, at.group, line);
        }
    }

    /** Where the element of a row-major index lies; the innermost axis counts as the last digit. */
    Position at(long index) {
        int i = (int) (index % line.length);
        return position(index / line.length)
                .plus(new Position(i * line.stride, i * line.paramStride, i * line.groupStride));
    }

    private Position position(long run) {
        int offset = 0;
        int param = 0;
        int group = 0;
        long rest = run;
        for (int a = sizes.length - 1; a >= 0; a--) {
            long i = rest % sizes[a];
            rest /= sizes[a];
            offset += (int) (i * strides[a]);
            param += (int) (i * paramStrides[a]);
            group += (int) (i * groupStrides[a]);
        }
        return new Position(offset, param, group);
    }

    /** A place in the tensor, among the parameters and among the groups. */
    record Position(int offset, int param, int group) {
        static final Position START = new Position(0, 0, 0);

        Position plus(Position other) {
            return new Position(offset + other.offset, param + other.param, group + other.group);
        }
    }
}
