package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Merging axes changes no element's group or parameter, and leaves nothing to merge. */
class NormViewTest {
    private static Stream<List<Axis>> all() {
        return Stream.concat(ViewsOfTests.layers().stream(), ViewsOfTests.others().stream());
    }

    @Test
    void elementsKeepTheirGroupAndParameter() {
        all().forEach(axes -> assertEquals(Indices.of(axes), Indices.of(new NormView(axes).axes()), axes.toString()));
    }

    @Test
    void nothingIsLeftToMerge() {
        all().forEach(axes -> {
            NormView view = new NormView(axes);
            assertEquals(view, new NormView(view.axes()));
            for (int i = 0; i < view.axes().size(); i++) {
                assertTrue(view.axes().get(i).size() > 1, view.toString());
                assertFalse(i > 0 && view.axes().get(i - 1).continues(view.axes().get(i)), view.toString());
            }
        });
    }

    @Test
    void countsAgreeWithTheElements() {
        all().forEach(axes -> {
            NormView view = new NormView(axes);
            TreeMap<Long, Indices.Place> places = Indices.of(axes);
            assertEquals(places.size(), view.elements());
            Map<Long, Long> sizes = places.values().stream()
                    .collect(Collectors.groupingBy(Indices.Place::group, Collectors.counting()));
            assertEquals(sizes.size(), view.groups());
            sizes.values().forEach(size -> assertEquals(size, view.groupSize()));
            assertEquals(places.values().stream().map(Indices.Place::param).distinct().count(), view.parameters());
            assertEquals(view.axes().size(), view.kept().size() + view.reduced().size());
        });
    }

    @Test
    void withoutParametersGroupsStay() {
        all().forEach(axes -> {
            NormView view = new NormView(axes).withoutParameters();
            assertEquals(1, view.parameters());
            TreeMap<Long, Indices.Place> expected = new TreeMap<>();
            Indices.of(axes).forEach((offset, place) -> expected.put(offset, new Indices.Place(place.group(), 0)));
            assertEquals(expected, Indices.of(view.axes()));
        });
    }

    @Test
    void equalWorkHasEqualViews() {
        NormView layer = new NormView(ViewsOfTests.layer(6, 35, 1));
        assertEquals(layer, NormView.of(Axis.kept(2, 105, 0), Axis.kept(3, 35, 0), Axis.reduced(5, 7, 7),
                Axis.reduced(7, 1, 1)));
        assertEquals(new NormView(ViewsOfTests.instance(6, 1, 35, 1)), new NormView(ViewsOfTests.layer(6, 35, 0)));
        assertEquals(new NormView(ViewsOfTests.group(4, 6, 1, 5, 1)), new NormView(ViewsOfTests.instance(4, 6, 5, 1)));
        assertEquals(List.of(), NormView.of(Axis.kept(1, 1, 0), Axis.reduced(1, 1, 0)).axes());
        assertEquals(1, NormView.of().groups());
    }

    @Test
    void theListIsACopy() {
        List<Axis> axes = new ArrayList<>(ViewsOfTests.layer(2, 3, 1));
        NormView view = new NormView(axes);
        axes.clear();
        assertEquals(2, view.axes().size());
        assertThrows(UnsupportedOperationException.class, () -> view.axes().clear());
    }

    @Test
    void negativeNumbersAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Axis.kept(-1, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> Axis.kept(1, -1, 0));
        assertThrows(IllegalArgumentException.class, () -> Axis.reduced(1, 1, -1));
    }
}
