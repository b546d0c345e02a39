package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;

/** What is true of a view, whatever its axes are: told by walking them index by index. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class ViewPropertiesTest {
    @Provide
    Arbitrary<List<Axis>> axes() {
        return AnyViews.axes();
    }

    @Property
    void mergingLeavesEveryElementItsGroupAndParameter(@ForAll("axes") List<Axis> axes) {
        assertEquals(Indices.of(axes), Indices.of(new NormView(axes).axes()));
    }

    @Property
    void nothingIsLeftToMerge(@ForAll("axes") List<Axis> axes) {
        NormView view = new NormView(axes);
        assertEquals(view, new NormView(view.axes()));
        assertEquals(view.hashCode(), new NormView(view.axes()).hashCode());
        for (int i = 0; i < view.axes().size(); i++) {
            assertTrue(view.axes().get(i).size() > 1);
            assertFalse(i > 0 && view.axes().get(i - 1).continues(view.axes().get(i)));
        }
    }

    @Property
    void countsAreThoseOfTheElements(@ForAll("axes") List<Axis> axes) {
        NormView view = new NormView(axes);
        TreeMap<Long, Indices.Place> places = Indices.of(axes);
        Map<Long, Long> sizes = places.values().stream()
                .collect(Collectors.groupingBy(Indices.Place::group, Collectors.counting()));
        assertEquals(places.size(), view.elements());
        assertEquals(sizes.size(), view.groups());
        sizes.values().forEach(size -> assertEquals(size, view.groupSize()));
        assertEquals(places.values().stream().map(Indices.Place::param).distinct().count(), view.parameters());
    }

    @Property
    void withoutParametersTheGroupsStay(@ForAll("axes") List<Axis> axes) {
        TreeMap<Long, Indices.Place> expected = new TreeMap<>();
        Indices.of(axes).forEach((offset, place) -> expected.put(offset, new Indices.Place(place.group(), 0)));
        assertEquals(expected, Indices.of(new NormView(axes).withoutParameters().axes()));
    }

    /** Splitting an axis in two, or adding one of a single index, says the same. */
    @Property
    void howAxesAreCutDoesNotMatter(@ForAll("axes") List<Axis> axes) {
        List<Axis> halves = axes.stream().flatMap(axis -> axis.size() % 2 == 0
                ? List.of(new Axis(axis.size() / 2, 2 * axis.stride(), axis.reduced(), 2 * axis.paramStride()),
                        new Axis(2, axis.stride(), axis.reduced(), axis.paramStride())).stream()
                : List.of(axis, new Axis(1, 7, !axis.reduced(), 5)).stream()).toList();
        assertEquals(new NormView(axes), new NormView(halves));
    }
}
