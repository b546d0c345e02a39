package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.clnorm.sync.Collective;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/**
 * A batch in parts, one a rank: [samples, C, S], or [samples, S, C] with channels last.
 *
 * @param samples  of each rank
 * @param channels C
 * @param space    S
 * @param layout   where channels lie
 * @param type     of the tensors
 */
record SyncRanks(List<Integer> samples, int channels, int space, Layout layout, DataType type) {
    /** What one rank does. */
    interface Work<T> {
        T run(Collective collective) throws Exception;
    }

    /** What a training step leaves on a rank; gradients of parameters are empty where there are none. */
    record Result(double[] y, double[] dx, double[] dweight, double[] dbias, double[] mean, double[] variance) {
        static Result joined(List<Result> ranks) {
            ranks.forEach(rank -> {
                assertArrayEquals(ranks.get(0).mean, rank.mean, "running means have the same bits");
                assertArrayEquals(ranks.get(0).variance, rank.variance, "running variances have the same bits");
            });
            return new Result(concatenated(ranks, Result::y), concatenated(ranks, Result::dx),
                    sum(ranks, Result::dweight), sum(ranks, Result::dbias), ranks.get(0).mean, ranks.get(0).variance);
        }

        private static double[] concatenated(List<Result> ranks, Function<Result, double[]> part) {
            return ranks.stream().map(part).flatMapToDouble(Arrays::stream).toArray();
        }

        private static double[] sum(List<Result> ranks, Function<Result, double[]> part) {
            return IntStream.range(0, part.apply(ranks.get(0)).length)
                    .mapToDouble(c -> ranks.stream().mapToDouble(rank -> part.apply(rank)[c]).sum()).toArray();
        }
    }

    static SyncRanks of(DataType type, int channels, int space, Integer... samples) {
        return new SyncRanks(List.of(samples), channels, space, Layout.CHANNELS_FIRST, type);
    }

    SyncRanks channelsLast() {
        return new SyncRanks(samples, channels, space, Layout.CHANNELS_LAST, type);
    }

    int all() {
        return samples.stream().mapToInt(Integer::intValue).sum();
    }

    int size() {
        return all() * channels * space;
    }

    long[] dims(long batch) {
        return layout == Layout.CHANNELS_LAST ? new long[] {batch, space, channels}
                : new long[] {batch, channels, space};
    }

    /** The values of a rank's part. */
    double[] part(int rank, double[] values) {
        int from = samples.subList(0, rank).stream().mapToInt(Integer::intValue).sum();
        int sample = channels * space;
        return Arrays.copyOfRange(values, from * sample, (from + samples.get(rank)) * sample);
    }

    /** Steps of all ranks on one device, each in a thread of its own. */
    Result train(Device device, double[] x, double[] dy, int steps, Function<Collective, BatchNorm> layers)
            throws Exception {
        return train(rank -> device, x, dy, steps, layers);
    }

    /** The same on a device each. */
    Result train(IntFunction<Device> devices, double[] x, double[] dy, int steps,
            Function<Collective, BatchNorm> layers) throws Exception {
        return Result.joined(each(samples.size(), collective -> {
            Device device = devices.apply(collective.rank());
            try (Scope scope = device.scope(); BatchNorm layer = layers.apply(collective)) {
                layer.on(device);
                int rank = collective.rank();
                return step(layer, device.tensor(type, part(rank, x), dims(samples.get(rank))),
                        device.tensor(type, part(rank, dy), dims(samples.get(rank))), steps);
            }
        }));
    }

    /** The same of one process on the whole batch. */
    Result alone(Device device, double[] x, double[] dy, int steps, BatchNorm layer) {
        try (Scope scope = device.scope(); layer) {
            layer.on(device);
            return step(layer, device.tensor(type, x, dims(all())), device.tensor(type, dy, dims(all())), steps);
        }
    }

    private static Result step(BatchNorm layer, Tensor x, Tensor dy, int steps) {
        layer.parameters().forEach((name, parameter) -> parameter.write(
                Values.positive(name.length(), parameter.shape().size())));
        for (int i = 1; i < steps; i++) {
            layer.forwardNoGrad(x);
        }
        double[] y = layer.forward(x).readDoubles();
        double[] dx = layer.backward(dy).readDoubles();
        return new Result(y, dx, gradient(layer, "weight"), gradient(layer, "bias"),
                layer.tracks() ? layer.runningMean().readDoubles() : new double[0],
                layer.tracks() ? layer.runningVar().readDoubles() : new double[0]);
    }

    private static double[] gradient(BatchNorm layer, String name) {
        return Stream.ofNullable(layer.parameters().get(name)).flatMapToDouble(
                parameter -> Arrays.stream(parameter.grad().readDoubles())).toArray();
    }

    /** Runs something on every rank; throws what the first one threw. */
    static <T> List<T> each(int ranks, Work<T> work) throws Exception {
        return each(TestCollective.of(ranks), work);
    }

    static <T> List<T> each(List<? extends Collective> collectives, Work<T> work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(collectives.size());
        try {
            List<Future<T>> running = collectives.stream().map(one -> threads.submit(() -> work.run(one))).toList();
            List<T> results = new ArrayList<>();
            for (Future<T> one : running) {
                results.add(one.get());
            }
            return results;
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw failed;
        } finally {
            threads.shutdown();
        }
    }
}
