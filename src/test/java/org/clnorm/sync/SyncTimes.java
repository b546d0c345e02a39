package org.clnorm.sync;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.clnorm.scale.Quantiles;
import org.clnorm.scale.Row;

/**
 * What a process of {@code scripts/bench-sync} does: times the messages of synchronized layers, and of gradients, one
 * call after the other. Rank 0 prints the rows, a line each.
 */
public final class SyncTimes {
    /** Java's compilers are done by then. */
    private static final int WARM = 400;
    private static final long WARM_NANOS = 600_000_000;
    private static final int MOST = 2000;
    private static final int LEAST = 15;

    private final Collective world;
    private final String link;
    private final int cores = Runtime.getRuntime().availableProcessors();
    private final long nanosEach;

    private SyncTimes(Collective world, String link, long nanosEach) {
        this.world = world;
        this.link = link;
        this.nanosEach = nanosEach;
    }

    /**
     * Runs under {@code mpirun}.
     *
     * @param arguments the name of the link, milliseconds for each row, channels with commas between, sizes of buckets
     *                  in KiB with commas between
     */
    public static void main(String[] arguments) {
        MpiCollective.run(Duration.ofSeconds(20), world -> {
            if (!List.of("shm", "tcp").contains(arguments[0])) {
                checkApart(world);
            }
            SyncTimes times = new SyncTimes(world, arguments[0], Long.parseLong(arguments[1]) * 1_000_000);
            for (int channels : numbers(arguments[2])) {
                times.layer(channels);
            }
            for (int size : numbers(arguments[3])) {
                times.bucket(size * 1024 / Float.BYTES);
            }
        });
    }

    /** Throws unless every process has a network namespace of its own: otherwise the times would be of another link. */
    private static void checkApart(Collective world) {
        double mine;
        try {
            // net:[4026531840], exact in a double
            String namespace = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();
            mine = Double.parseDouble(namespace.replaceAll("\\D", ""));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        long different = Arrays.stream(world.allGather(new double[] {mine})).distinct().count();
        if (different != world.size()) {
            throw new IllegalStateException("expected " + world.size() + " network namespaces, one a process, got "
                    + different);
        }
    }

    private static int[] numbers(String list) {
        return Arrays.stream(list.split(",")).filter(text -> !text.isEmpty()).mapToInt(Integer::parseInt).toArray();
    }

    private void layer(int channels) {
        double[] moments = new double[2 * channels + 1];
        double[] sums = new double[2 * channels];
        try (RawGather raw = new RawGather(moments.length, world.size())) {
            time(Row.BLOCKING, moments.length * (long) Double.BYTES, raw::blocking);
            time(Row.LOOKING, moments.length * (long) Double.BYTES, raw::looking);
        }
        time(Row.GATHER, moments.length * (long) Double.BYTES, () -> world.allGather(moments));
        time(Row.REDUCE, sums.length * (long) Double.BYTES, () -> world.allReduce(sums));
    }

    private void bucket(int floats) {
        float[] gradients = new float[floats];
        time(Row.BUCKET, floats * (long) Float.BYTES, () -> world.beginAllReduce(gradients).await());
    }

    private void time(String what, long bytes, Runnable call) {
        int calls = agreed(call);
        double[] micros = new double[calls];
        for (int i = 0; i < calls; i++) {
            long begun = System.nanoTime();
            call.run();
            micros[i] = (System.nanoTime() - begun) / 1e3;
        }
        // a rank that is behind finds the others' messages there, and they wait for its own: a call takes their mean
        world.allReduce(micros);
        for (int i = 0; i < calls; i++) {
            micros[i] /= world.size();
        }
        if (world.rank() == 0) {
            Quantiles of = new Quantiles(micros);
            System.out.println(new Row(link, what, world.size(), cores, bytes, calls, of.at(0.5), of.min(),
                    of.at(0.9)).json());
        }
    }

    /** Warms up and says how many calls are to be timed: the same on all ranks, so rank 0 decides, between chunks. */
    private int agreed(Runnable call) {
        long begun = System.nanoTime();
        int done = 0;
        double more;
        do {
            int chunk = Math.max(1, Math.min(WARM / 8, done));
            for (int i = 0; i < chunk; i++) {
                call.run();
            }
            done += chunk;
            more = done < WARM && System.nanoTime() - begun < WARM_NANOS ? 1 : 0;
            more = world.allGather(new double[] {more})[0];
        } while (more != 0);
        double each = world.allGather(new double[] {(System.nanoTime() - begun) / (double) done})[0];
        return (int) Math.max(LEAST, Math.min(MOST, nanosEach / each));
    }
}
