package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What {@link Rows}, {@link Planes} and {@link Sheets} say of a view is what the view says, element by element. */
class PatternsTest {
    private static TreeMap<Long, Indices.Place> decode(Rows rows) {
        TreeMap<Long, Indices.Place> places = new TreeMap<>();
        for (long r = 0; r < rows.rows(); r++) {
            for (long i = 0; i < rows.length(); i++) {
                long param = r % rows.rowGroups() * rows.segments() + i / rows.span();
                places.put(r * rows.length() + i, new Indices.Place(r, param));
            }
        }
        return places;
    }

    private static TreeMap<Long, Indices.Place> decode(Planes planes, boolean parameters) {
        TreeMap<Long, Indices.Place> places = new TreeMap<>();
        for (long i = 0; i < planes.outer() * planes.channels() * planes.span(); i++) {
            long channel = i / planes.span() % planes.channels();
            places.put(i, new Indices.Place(channel, parameters ? channel : 0));
        }
        return places;
    }

    private static TreeMap<Long, Indices.Place> decode(Sheets sheets) {
        TreeMap<Long, Indices.Place> places = new TreeMap<>();
        Planes planes = sheets.planes();
        long row = planes.channels() * planes.span();
        for (long i = 0; i < sheets.sheets() * planes.outer() * row; i++) {
            long channel = i / planes.span() % planes.channels();
            long param = switch (sheets.parameters()) {
                case CHANNEL -> channel;
                case COLUMN -> i % row;
                case SAMPLE -> i / row % planes.outer();
            };
            places.put(i, new Indices.Place(i / row / planes.outer() * planes.channels() + channel, param));
        }
        return places;
    }

    private static Optional<Sheets> sheets(NormView view, boolean weight) {
        return Sheets.of(Task.forward(view, Task.Statistics.BATCH, weight, false));
    }

    /** Without parameters rows are free to say one, all or segments; only the groups count then. */
    private static void assertSame(NormView view, TreeMap<Long, Indices.Place> expected,
            TreeMap<Long, Indices.Place> got) {
        assertEquals(expected.keySet(), got.keySet(), view.toString());
        boolean parameters = view.parameters() > 1;
        expected.forEach((offset, place) -> {
            assertEquals(place.group(), got.get(offset).group(), view + " group at " + offset);
            if (parameters) {
                assertEquals(place.param(), got.get(offset).param(), view + " parameter at " + offset);
            }
        });
    }

    private static Stream<List<Axis>> all() {
        return Stream.concat(ViewsOfTests.layers().stream(), ViewsOfTests.others().stream());
    }

    @Test
    void rowsAreTheView() {
        all().map(NormView::new).forEach(view -> Rows.of(view)
                .ifPresent(rows -> assertSame(view, Indices.of(view.axes()), decode(rows))));
    }

    @Test
    void planesAreTheView() {
        all().map(NormView::new).forEach(view -> Planes.of(view).ifPresent(
                planes -> assertSame(view, Indices.of(view.axes()), decode(planes, view.parameters() > 1))));
    }

    @Test
    void sheetsAreTheView() {
        all().map(NormView::new).forEach(view -> {
            sheets(view, true).ifPresent(sheets -> assertSame(view, Indices.of(view.axes()), decode(sheets)));
            NormView bare = view.withoutParameters();
            sheets(view, false).ifPresent(sheets -> assertSame(bare, Indices.of(bare.axes()), decode(sheets)));
        });
    }

    @Test
    void channelsLastAreSheets() {
        Planes planes = new Planes(4, 3, 1);
        NormView instances = NormView.of(Axis.kept(2, 12, 0), Axis.reduced(4, 3, 0), Axis.kept(3, 1, 1));
        assertEquals(Optional.of(new Sheets(2, planes, Sheets.Parameters.CHANNEL)), sheets(instances, true));
        NormView groups = NormView.of(Axis.kept(2, 60, 0), Axis.reduced(4, 15, 0), Axis.kept(3, 5, 5),
                Axis.reduced(5, 1, 1));
        assertEquals(Optional.of(new Sheets(2, new Planes(4, 3, 5), Sheets.Parameters.COLUMN)), sheets(groups, true));
        NormView oneGroup = NormView.of(Axis.kept(2, 60, 0), Axis.reduced(4, 15, 0), Axis.reduced(15, 1, 1));
        assertEquals(Optional.of(new Sheets(2, new Planes(4, 1, 15), Sheets.Parameters.COLUMN)),
                sheets(oneGroup, true));
        NormView overChannels = NormView.of(Axis.kept(2, 12, 0), Axis.reduced(4, 3, 1), Axis.kept(3, 1, 0));
        assertEquals(Optional.of(new Sheets(2, planes, Sheets.Parameters.SAMPLE)), sheets(overChannels, true));
        assertEquals(Optional.of(new Sheets(2, planes, Sheets.Parameters.CHANNEL)), sheets(overChannels, false));
        NormView weightOfASample = NormView.of(Axis.kept(2, 12, 3), Axis.reduced(4, 3, 0), Axis.kept(3, 1, 1));
        assertEquals(Optional.empty(), sheets(weightOfASample, true));
    }

    @Test
    void theLayersAreRecognized() {
        for (long n = 1; n < 4; n++) {
            for (long c = 1; c < 4; c++) {
                for (long s = 1; s < 4; s++) {
                    for (long param = 0; param < 2; param++) {
                        assertTrue(Planes.of(new NormView(ViewsOfTests.batch(n, c, s, param))).isPresent());
                        assertTrue(Rows.of(new NormView(ViewsOfTests.instance(n, c, s, param))).isPresent());
                        assertTrue(Rows.of(new NormView(ViewsOfTests.group(n, 2, c, s, param))).isPresent());
                        assertTrue(Rows.of(new NormView(ViewsOfTests.layer(n, c * s, param))).isPresent());
                    }
                }
            }
        }
    }

    @Test
    void theirNumbers() {
        assertEquals(Optional.of(new Planes(4, 3, 5)), Planes.of(new NormView(ViewsOfTests.batch(4, 3, 5, 1))));
        assertEquals(Optional.of(new Planes(4, 3, 1)), Planes.of(new NormView(ViewsOfTests.batch(4, 3, 1, 1))));
        assertEquals(Optional.of(new Planes(1, 3, 5)), Planes.of(new NormView(ViewsOfTests.batch(1, 3, 5, 0))));
        assertEquals(Optional.of(new Planes(1, 1, 20)), Planes.of(new NormView(ViewsOfTests.batch(4, 1, 5, 1))));
        assertEquals(Optional.of(new Rows(12, 1, 5, 3)), Rows.of(new NormView(ViewsOfTests.instance(4, 3, 5, 1))));
        assertEquals(Optional.of(new Rows(12, 1, 5, 1)), Rows.of(new NormView(ViewsOfTests.instance(4, 3, 5, 0))));
        assertEquals(Optional.of(new Rows(8, 3, 5, 2)), Rows.of(new NormView(ViewsOfTests.group(4, 2, 3, 5, 1))));
        assertEquals(Optional.of(new Rows(4, 1, 30, 1)), Rows.of(new NormView(ViewsOfTests.group(4, 1, 6, 5, 0))));
        assertEquals(Optional.of(new Rows(4, 7, 1, 1)), Rows.of(new NormView(ViewsOfTests.layer(4, 7, 1))));
        assertTrue(new Rows(4, 7, 1, 1).dense());
        assertFalse(new Rows(8, 3, 5, 2).dense());
    }

    @Test
    void otherLayoutsAreDeclined() {
        NormView channelsLast = NormView.of(Axis.kept(2, 12, 0), Axis.reduced(4, 3, 0), Axis.kept(3, 1, 1));
        assertTrue(Rows.of(channelsLast).isEmpty());
        assertTrue(Planes.of(channelsLast).isEmpty());
        assertTrue(Rows.of(new NormView(ViewsOfTests.batch(4, 3, 5, 1))).isEmpty());
        assertTrue(Planes.of(new NormView(ViewsOfTests.instance(4, 3, 5, 1))).isEmpty());
        NormView gaps = NormView.of(Axis.reduced(4, 30, 0), Axis.kept(3, 5, 1), Axis.reduced(5, 1, 0));
        assertTrue(Planes.of(gaps).isEmpty());
        assertTrue(Rows.of(NormView.of(Axis.kept(4, 10, 0), Axis.reduced(5, 2, 1))).isEmpty());
    }
}
