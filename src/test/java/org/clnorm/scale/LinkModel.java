package org.clnorm.scale;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * What a call over a link takes. Open MPI's non-blocking gather sends a rank's message to each of the others by itself,
 * all at once, and receives theirs: a latency, a cost for each of the others, and one for each of their bytes.
 *
 * @param latencyUs what two ranks with nothing to say would wait, less the cost of one message
 * @param messageUs for each other rank
 * @param byteUs    for each byte of each other rank
 */
record LinkModel(double latencyUs, double messageUs, double byteUs) {
    /** A message that is longer waits for an answer first (btl_tcp_eager_limit): it is not the model's. */
    static final long EAGER = 65_536;

    /** Relative errors of predictions. */
    record Errors(double median, double worst) {
        static Errors of(LinkModel model, Collection<Row> rows) {
            double[] errors = rows.stream().mapToDouble(row -> model.micros(row.ranks(), row.bytes()) / row.medianUs())
                    .map(ratio -> Math.abs(ratio - 1)).toArray();
            Quantiles of = new Quantiles(errors);
            return new Errors(of.at(0.5), of.at(1));
        }
    }

    /** Rows that a model is made of: several ranks, a processor for each, short messages. */
    static List<Row> usable(Collection<Row> rows, String link, String what) {
        return rows.stream().filter(row -> row.link().equals(link) && row.what().equals(what) && row.ranks() > 1
                && !row.oversubscribed() && row.bytes() < EAGER).toList();
    }

    /** Of rows of one call over one link. */
    static LinkModel fit(List<Row> rows) {
        List<double[]> terms = new ArrayList<>();
        rows.forEach(row -> terms.add(terms(row.ranks(), row.bytes())));
        double[] found = LeastSquares.fit(terms, rows.stream().mapToDouble(Row::medianUs).toArray());
        return new LinkModel(found[0], found[1], found[2]);
    }

    /**
     * Of rows of one number of ranks, which do not tell a latency from what each other rank costs: that is taken to be
     * as over another link.
     */
    static LinkModel fitLatency(List<Row> rows, LinkModel like) {
        double[] more = rows.stream().mapToDouble(row -> row.medianUs() - like.micros(row.ranks(), row.bytes()))
                .toArray();
        return like.over(Math.max(-like.latencyUs, new Quantiles(more).at(0.5)), Double.POSITIVE_INFINITY);
    }

    private static double[] terms(int ranks, long bytes) {
        return new double[] {1, ranks - 1, (ranks - 1) * (double) bytes};
    }

    /** How well the largest number of ranks is predicted by what was measured with fewer; null below three numbers. */
    static Errors errorsOfLargest(List<Row> rows) {
        TreeSet<Integer> ranks = new TreeSet<>(rows.stream().map(Row::ranks).toList());
        if (ranks.size() < 3) {
            return null;
        }
        int most = ranks.last();
        LinkModel fewer = fit(rows.stream().filter(row -> row.ranks() < most).toList());
        return Errors.of(fewer, rows.stream().filter(row -> row.ranks() == most).toList());
    }

    double micros(int ranks, long bytes) {
        return LeastSquares.sum(new double[] {latencyUs, messageUs, byteUs}, terms(ranks, bytes));
    }

    /** The same over a link with more latency, and a wire that all messages to a rank come through. */
    LinkModel over(double moreLatencyUs, double bytesPerMicro) {
        return new LinkModel(latencyUs + moreLatencyUs, messageUs, byteUs + 1 / bytesPerMicro);
    }
}
