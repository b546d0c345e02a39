package org.clnorm.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.junit.jupiter.api.Test;

/** Both ways through a view meet every element once, with its group and parameter. */
class WalkTest {
    private static final List<NormView> VIEWS = List.of(
            NormView.of(),
            NormView.of(Axis.reduced(4, 15, 0), Axis.kept(3, 5, 1), Axis.reduced(5, 1, 0)),
            NormView.of(Axis.reduced(4, 3, 0), Axis.kept(3, 1, 1)),
            NormView.of(Axis.kept(4, 15, 0), Axis.kept(3, 5, 1), Axis.reduced(5, 1, 0)),
            NormView.of(Axis.kept(4, 30, 0), Axis.kept(2, 15, 3), Axis.reduced(3, 5, 1), Axis.reduced(5, 1, 0)),
            NormView.of(Axis.kept(4, 7, 0), Axis.reduced(7, 1, 1)),
            NormView.of(Axis.kept(7, 1, 1)),
            NormView.of(Axis.reduced(7, 1, 0)),
            NormView.of(Axis.kept(2, 12, 0), Axis.reduced(4, 3, 0), Axis.kept(3, 1, 1)));

    private record Place(int group, int param) {
    }

    /** By brute force: every combination of indices. */
    private static TreeMap<Integer, Place> expected(List<Axis> axes, int depth, int offset, int group, int param) {
        TreeMap<Integer, Place> places = new TreeMap<>();
        if (depth == axes.size()) {
            places.put(offset, new Place(group, param));
            return places;
        }
        Axis axis = axes.get(depth);
        for (int i = 0; i < axis.size(); i++) {
            places.putAll(expected(axes, depth + 1, (int) (offset + i * axis.stride()),
                    axis.reduced() ? group : (int) (group * axis.size() + i), (int) (param + i * axis.paramStride())));
        }
        return places;
    }

    private static TreeMap<Integer, Place> visited(Walk outer, Walk inner) {
        TreeMap<Integer, Place> places = new TreeMap<>();
        for (int index = 0; index < outer.size(); index++) {
            Walk.Position start = outer.at(index);
            int[] met = new int[1];
            inner.forEach(start, (offset, param, group, line) -> {
                for (int i = 0; i < line.length(); i++) {
                    Place before = places.put(offset + i * line.stride(),
                            new Place(group + i * line.groupStride(), param + i * line.paramStride()));
                    assertEquals(null, before);
                    met[0]++;
                }
            });
            assertEquals(inner.size(), met[0]);
        }
        return places;
    }

    @Test
    void byGroup() {
        for (NormView view : VIEWS) {
            GroupWalks walks = new GroupWalks(view);
            assertEquals(view.groups(), walks.groups().size());
            assertEquals(view.groupSize(), walks.groupElements().size());
            assertEquals(expected(view.axes(), 0, 0, 0, 0), visited(walks.groups(), walks.groupElements()),
                    view.toString());
            for (int g = 0; g < walks.groups().size(); g++) {
                assertEquals(g, walks.groups().at(g).group());
            }
        }
    }

    @Test
    void byParameter() {
        for (NormView view : VIEWS) {
            GroupWalks walks = new GroupWalks(view);
            assertEquals(view.parameters(), walks.parameters().size());
            assertEquals(expected(view.axes(), 0, 0, 0, 0), visited(walks.parameters(), walks.parameterElements()),
                    view.toString());
            TreeSet<Integer> params = new TreeSet<>();
            for (int p = 0; p < walks.parameters().size(); p++) {
                params.add(walks.parameters().at(p).param());
            }
            assertEquals(walks.parameters().size(), params.size());
        }
    }
}
