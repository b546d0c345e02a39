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
    /** Of the links in rows, in the order of rows; assumed ones last. */
    static List<Link> of(Collection<Row> rows) {
        List<Link> links = new ArrayList<>();
        double merge = merge(rows);
        rows.stream().map(Row::link).distinct().forEach(link -> {
            List<Row> gathers = LinkModel.usable(rows, link, Row.GATHER);
            List<Row> reduces = LinkModel.usable(rows, link, Row.REDUCE);
            if (!gathers.isEmpty() && !reduces.isEmpty()) {
                links.add(new Link(link, new SyncCost(LinkModel.fit(gathers), LinkModel.fit(reduces), merge)));
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

    /** Microseconds for one channel of one rank: the median over sizes. */
    static double merge(Collection<Row> rows) {
        double[] each = rows.stream().filter(row -> row.what().equals(Row.MERGE))
                .mapToDouble(row -> row.medianUs() / row.ranks() / row.channels()).toArray();
        return new Quantiles(each).at(0.5);
    }
}
