package org.clnorm.plan;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Axes and views for properties: those of layers, of any size, and others. */
final class AnyViews {
    private static final long LARGE = 1L << 20;
    private static final long MOST_ELEMENTS = 1L << 44;

    private AnyViews() {
    }

    /** One axis of a dense buffer: its size, whether it is reduced, whether parameters move, how much is left out. */
    private record Part(long size, boolean reduced, boolean moves, int gap) {
    }

    /** Up to five axes in any role, in the order of memory, perhaps with gaps between their indices. */
    static Arbitrary<List<Axis>> axes() {
        Arbitrary<Part> part = Combinators.combine(Arbitraries.longs().between(1, 5), Arbitraries.of(true, false),
                Arbitraries.of(true, false), Arbitraries.frequency(Tuple.of(4, 1), Tuple.of(1, 2), Tuple.of(1, 3)))
                .as(Part::new);
        return part.list().ofMaxSize(5).map(AnyViews::axes);
    }

    private static List<Axis> axes(List<Part> innermostFirst) {
        List<Axis> axes = new ArrayList<>();
        long stride = 1;
        long param = 1;
        for (Part part : innermostFirst) {
            axes.add(0, new Axis(part.size, stride * part.gap, part.reduced, part.moves ? param : 0));
            stride *= part.gap * part.size;
            param *= part.moves ? part.size : 1;
        }
        return axes;
    }

    /** What a layer asks for, up to 2⁴⁴ elements. */
    static Arbitrary<NormView> layers() {
        Arbitrary<Long> size = Arbitraries.oneOf(Arbitraries.longs().between(1, LARGE), Arbitraries.of(1L, 2L, LARGE));
        Arbitrary<Long> few = Arbitraries.oneOf(Arbitraries.longs().between(1, 300), Arbitraries.just(1L));
        Arbitrary<Long> span = Arbitraries.oneOf(few, size);
        Arbitrary<Long> param = Arbitraries.of(0L, 1L);
        return Arbitraries.oneOf(
                Combinators.combine(size, size, span, param).as(ViewsOfTests::batch),
                Combinators.combine(size, size, span, param).as(ViewsOfTests::instance),
                Combinators.combine(size, few, few, span, param).as(ViewsOfTests::group),
                Combinators.combine(size, span, few, few, param).as(ViewsOfTests::groupLast),
                Combinators.combine(size, few, span, param).as(ViewsOfTests::overChannels),
                Combinators.combine(size, size, param).as(ViewsOfTests::layer))
                .map(NormView::new).filter(view -> elements(view) <= MOST_ELEMENTS);
    }

    /** Without wrapping. */
    private static double elements(NormView view) {
        return view.axes().stream().mapToDouble(Axis::size).reduce(1, (a, b) -> a * b);
    }
}
