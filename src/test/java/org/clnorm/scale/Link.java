package org.clnorm.scale;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A link with a model: measured, or a measured one with what is assumed of another wire.
 *
 * @param name for tables and the picture
 * @param cost what synchronization takes over it
 */
record Link(String name, SyncCost cost) {
    /** Whose costs of further ranks those links take that were measured with one number of ranks. */
    private static final String MODEL = "tcp";

    /** Of the links in rows, in the order of rows; assumed ones last. */
    static List<Link> of(Collection<Row> rows) {
        List<Link> links = new ArrayList<>();
        double merge = merge(rows);
        rows.stream().map(Row::link).distinct().forEach(link -> {
            LinkModel forward = model(rows, link, Row.GATHER);
            LinkModel backward = model(rows, link, Row.REDUCE);
            if (forward != null && backward != null) {
                links.add(new Link(link, new SyncCost(forward, backward, merge)));
            }
        });
        for (Link measured : List.copyOf(links)) {
            if (measured.name.equals("shm")) {
                links.add(new Link("InfiniBand-class, assumed: shm + 2 us, 25 GB/s", measured.cost.over(2, 25_000)));
            } else if (measured.name.equals("tcp")) {
                links.add(new Link("25 Gb/s Ethernet, assumed: tcp + 30 us, 3 GB/s", measured.cost.over(30, 3_000)));
            }
        }
        return links;
    }

    /** Null where there is nothing to make it of. */
    static LinkModel model(Collection<Row> rows, String link, String what) {
        List<Row> usable = LinkModel.usable(rows, link, what);
        if (usable.isEmpty()) {
            return null;
        }
        List<Row> others = LinkModel.usable(rows, MODEL, what);
        return counts(usable) == 1 && counts(others) > 1 ? LinkModel.fitLatency(usable, LinkModel.fit(others))
                : LinkModel.fit(usable);
    }

    private static long counts(List<Row> rows) {
        return rows.stream().map(Row::ranks).distinct().count();
    }

    /** Microseconds for one channel of one rank: the median over sizes. */
    static double merge(Collection<Row> rows) {
        double[] each = rows.stream().filter(row -> row.what().equals(Row.MERGE))
                .mapToDouble(row -> row.medianUs() / row.ranks() / row.channels()).toArray();
        return new Quantiles(each).at(0.5);
    }
}
