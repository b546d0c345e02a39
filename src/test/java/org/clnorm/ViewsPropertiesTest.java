package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Shape;

/** The axes that layers ask for give each element, once, the group and the parameter that its definition does. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class ViewsPropertiesTest {
    @Provide
    Arbitrary<Drawn> layers() {
        Arbitrary<Integer> size = Arbitraries.integers().between(1, 7);
        return Combinators.combine(Arbitraries.of(Drawn.Kind.class), size, size, size, size, size)
                .as((kind, n, c, h, w, g) -> new Drawn(kind, n, c, h, w, c % g == 0 ? g : 1, true, 0));
    }

    private static NormView view(Drawn drawn) {
        Shape x = Shape.of(drawn.samples(), drawn.channels(), drawn.rows(), drawn.width());
        return switch (drawn.kind()) {
            case BATCH -> Views.batch(first(x));
            case INSTANCE -> Views.instance(first(x));
            case GROUP -> Views.group(first(x), drawn.groups());
            case LAYER -> Normalized.over(x, 1, 2, 3).view(x);
            case LAYER_OF_ROWS -> Normalized.over(x, -1).view(x);
        };
    }

    @Property
    void everyElementHasTheGroupAndTheParameterOfItsDefinition(@ForAll("layers") Drawn drawn) {
        assertPlaces(view(drawn), drawn);
    }

    /** Without a batch a sample is all there is, and on running statistics its channels are the groups. */
    @Property
    void withoutABatchThereIsOneSample(@ForAll("layers") Drawn any) {
        Drawn one = new Drawn(Drawn.Kind.INSTANCE, 1, any.channels(), any.rows(), any.width(), 1, true, 0);
        Shape x = Shape.of(any.channels(), any.rows(), any.width());
        assertPlaces(Views.instance(Extents.unbatched(x, Layout.CHANNELS_FIRST)), one);
        assertPlaces(Views.instanceGiven(Extents.unbatched(x, Layout.CHANNELS_FIRST)), one.as(Drawn.Kind.BATCH, 1));
        Shape many = Shape.of(any.samples(), any.channels(), any.rows(), any.width());
        assertPlaces(Views.instanceGiven(first(many)), any.as(Drawn.Kind.BATCH, 1));
    }

    private static Extents first(Shape x) {
        return Extents.of(x, Layout.CHANNELS_FIRST);
    }

    /** The same element has the same group and the same parameter, wherever it lies. */
    @Property
    void channelsLastIsTheSameElementsElsewhere(@ForAll("layers") Drawn drawn) {
        Extents last = Extents.of(Shape.of(drawn.samples(), drawn.rows(), drawn.width(), drawn.channels()),
                Layout.CHANNELS_LAST);
        NormView view = switch (drawn.kind()) {
            case BATCH -> Views.batch(last);
            case INSTANCE -> Views.instance(last);
            default -> Views.group(last, drawn.groups());
        };
        Drawn.Kind kind = switch (drawn.kind()) {
            case BATCH, INSTANCE -> drawn.kind();
            default -> Drawn.Kind.GROUP;
        };
        Reference reference = drawn.as(kind, drawn.groups()).reference(0).channelsLast(drawn.channels(),
                drawn.space());
        assertPlaces(view, drawn.size(), reference.group(), reference.parameter());
    }

    @Property
    void countsAreThoseOfTheShape(@ForAll("layers") Drawn drawn) {
        NormView view = view(drawn);
        assertEquals(drawn.size(), view.elements());
        assertEquals(drawn.reference(0).groups(), view.groups());
        assertEquals(view.elements(), view.groups() * view.groupSize());
        assertEquals(drawn.parameters(), view.parameters());
    }

    private static void assertPlaces(NormView view, Drawn drawn) {
        Reference reference = drawn.reference(0);
        assertPlaces(view, drawn.size(), reference.group(), reference.parameter());
    }

    private static void assertPlaces(NormView view, int size, IntUnaryOperator group, IntUnaryOperator parameter) {
        long[] groups = new long[size];
        long[] parameters = new long[size];
        Arrays.fill(groups, -1);
        walk(view.axes(), 0, 0, 0, groups, parameters);
        assertArrayEquals(IntStream.range(0, size).map(group).asLongStream().toArray(), groups, "groups of " + view);
        assertArrayEquals(IntStream.range(0, size).map(parameter).asLongStream().toArray(), parameters,
                "parameters of " + view);
    }

    private static void walk(List<Axis> axes, long offset, long group, long parameter, long[] groups,
            long[] parameters) {
        if (axes.isEmpty()) {
            assertEquals(-1, groups[(int) offset], () -> "two indices lead to " + offset);
            groups[(int) offset] = group;
            parameters[(int) offset] = parameter;
            return;
        }
        Axis axis = axes.get(0);
        for (long i = 0; i < axis.size(); i++) {
            walk(axes.subList(1, axes.size()), offset + i * axis.stride(),
                    axis.reduced() ? group : group * axis.size() + i, parameter + i * axis.paramStride(), groups,
                    parameters);
        }
    }
}
