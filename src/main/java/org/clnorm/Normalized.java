package org.clnorm;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Shape;

/** The dimensions that are normalized over, each element of which has parameters of its own: their sizes and places. */
final class Normalized {
    private final Shape shape;
    private final int[] axes;

    private Normalized(Shape shape, int[] axes) {
        this.shape = shape;
        this.axes = axes;
    }

    /** Dimensions of these sizes: the last ones where there are no axes, else those that the axes name. */
    static Normalized of(Shape shape, int... axes) {
        if (axes.length > 0 && axes.length != shape.rank()) {
            throw new IllegalArgumentException("expected an axis for each dimension of normalizedShape " + shape
                    + ", got axes " + Arrays.toString(axes));
        }
        return new Normalized(shape, axes.clone());
    }

    /** Those of an input that axes name, one at least. */
    static Normalized over(Shape x, int... axes) {
        if (axes.length == 0) {
            throw new IllegalArgumentException("expected at least one axis, got none");
        }
        int[] places = places(x, axes);
        return new Normalized(Views.checkedNormalizedShape(IntStream.of(places).mapToLong(x::dim).toArray()), axes);
    }

    Shape shape() {
        return shape;
    }

    /** The axes of an input, if it fits. */
    NormView view(Shape x) {
        if (axes.length == 0) {
            Views.checkNormalizedShape(shape, x);
            return view(x, IntStream.range(x.rank() - shape.rank(), x.rank()).toArray());
        }
        int[] places = places(x, axes);
        if (!Arrays.equals(IntStream.of(places).mapToLong(x::dim).toArray(), shape.dims())) {
            throw new IllegalArgumentException("given normalizedShape " + shape + " and axes " + Arrays.toString(axes)
                    + ", expected input of these sizes there, got " + x);
        }
        NormView view = view(x, places);
        if (view.axes().size() > NormView.MOST_AXES) {
            throw new IllegalArgumentException("expected axes that part the input into at most " + NormView.MOST_AXES
                    + " stretches of dimensions, got axes " + Arrays.toString(axes) + " of " + x);
        }
        return view;
    }

    /** The sizes of the other dimensions of an input. */
    Shape others(Shape x) {
        int[] places = places(x, axes);
        return Shape.of(IntStream.range(0, x.rank()).filter(dim -> Arrays.binarySearch(places, dim) < 0)
                .mapToLong(x::dim).toArray());
    }

    /** The axes counted from the front. */
    private static int[] places(Shape x, int... axes) {
        int[] places = IntStream.of(axes).map(axis -> axis < 0 ? axis + x.rank() : axis).toArray();
        for (int i = 0; i < places.length; i++) {
            if (places[i] < (i == 0 ? 0 : places[i - 1] + 1) || places[i] >= x.rank()) {
                throw new IllegalArgumentException("expected axes of " + x + " in ascending order, got "
                        + Arrays.toString(axes));
            }
        }
        return places;
    }

    /** From the innermost dimension outwards. */
    private static NormView view(Shape x, int... places) {
        Axis[] view = new Axis[x.rank()];
        long stride = 1;
        long parameters = 1;
        int next = places.length - 1;
        for (int i = x.rank() - 1; i >= 0; i--) {
            boolean reduced = next >= 0 && places[next] == i;
            view[i] = new Axis(x.dim(i), stride, reduced, reduced ? parameters : 0);
            stride *= x.dim(i);
            parameters *= reduced ? x.dim(i) : 1;
            next -= reduced ? 1 : 0;
        }
        return NormView.of(view);
    }

    /** As PyTorch prints normalizedShape, and the axes where they are not the last. */
    String describe() {
        return tuple(shape.dims()) + (axes.length == 0 ? "" : ", axes="
                + tuple(IntStream.of(axes).asLongStream().toArray()));
    }

    private static String tuple(long... numbers) {
        String joined = LongStream.of(numbers).mapToObj(Long::toString).collect(Collectors.joining(", "));
        return numbers.length == 1 ? "(" + joined + ",)" : "(" + joined + ")";
    }
}
