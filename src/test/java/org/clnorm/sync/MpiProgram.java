package org.clnorm.sync;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.clnorm.BatchNorm1d;
import org.clnorm.SyncBatchNorm;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/** What a process of {@link MpiCollectiveTest} does; it says what it saw on standard output. */
final class MpiProgram {
    private static final int CHANNELS = 5;
    private static final int SPACE = 7;
    private static final int SAMPLE = CHANNELS * SPACE;

    private MpiProgram() {
    }

    public static void main(String[] arguments) {
        Duration deadline = Duration.ofSeconds(3);
        switch (arguments[0]) {
            case "all" -> MpiCollective.run(deadline, MpiProgram::all);
            case "layers" -> MpiCollective.run(deadline, MpiProgram::layers);
            case "time" -> MpiCollective.run(deadline, MpiProgram::time);
            case "disagree" -> fails(deadline, world -> world.allGather(new double[world.rank() == 1 ? 5 : 6]));
            case "die" -> fails(deadline, world -> {
                if (world.rank() == 1) {
                    Runtime.getRuntime().halt(7);
                }
                world.barrier();
            });
            case "hang" -> fails(deadline, world -> {
                if (world.rank() == 1) {
                    sleep();
                }
                world.barrier();
            });
            case "throw" -> MpiCollective.run(deadline, world -> {
                if (world.rank() == 1) {
                    throw new IllegalStateException("rank 1 has had enough");
                }
                world.barrier();
            });
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void fails(Duration deadline, Consumer<Collective> body) {
        MpiCollective.run(deadline, world -> {
            world.barrier();
            try {
                body.accept(world);
            } catch (CollectiveException expected) {
                System.out.println("rank " + world.rank() + " saw " + expected.rank() + ": " + expected.getMessage());
                System.out.flush();
                Runtime.getRuntime().halt(3);
            }
        });
    }

    private static void sleep() {
        try {
            Thread.sleep(60_000);
        } catch (InterruptedException unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    private static void all(Collective world) {
        int rank = world.rank();
        CollectiveChecks.all(world);
        try (Collective part = world.split(rank % 2)) {
            CollectiveChecks.all(part);
        }
        world.barrier();
        System.out.println("rank " + rank + " of " + world.size() + " is done");
    }

    /** Two steps of a synchronized layer, beside one of the whole batch; the last rank has no sample. */
    private static void layers(Collective world) {
        int last = world.size() - 1;
        int mine = world.rank() == last ? 0 : world.rank() + 1;
        int all = last * (last + 1) / 2;
        double[] x = new SplittableRandom(3).doubles(all * SAMPLE, -1, 1).toArray();
        int from = Math.min(world.rank() * (world.rank() + 1) / 2, all) * SAMPLE;
        try (Device device = Device.cpu(); Scope scope = device.scope();
                SyncBatchNorm synced = SyncBatchNorm.builder(CHANNELS, world).dataType(DataType.F64).build().on(device);
                BatchNorm1d alone = BatchNorm1d.builder(CHANNELS).dataType(DataType.F64).build().on(device)) {
            Tensor part = device.tensor(DataType.F64, Arrays.copyOfRange(x, from, from + mine * SAMPLE), mine, CHANNELS,
                    SPACE);
            Tensor whole = device.tensor(DataType.F64, x, all, CHANNELS, SPACE);
            for (int step = 0; step < 2; step++) {
                near(alone.forward(whole), synced.forward(part), from);
                near(alone.backward(whole), synced.backward(part), from);
            }
            double[] mean = synced.runningMean().readDoubles();
            assertArrayEquals(alone.runningMean().readDoubles(), mean, 1e-12);
            double[] means = world.allGather(mean);
            for (int r = 0; r < world.size(); r++) {
                assertArrayEquals(mean, Arrays.copyOfRange(means, r * CHANNELS, (r + 1) * CHANNELS), "bits");
            }
        }
        System.out.println("rank " + world.rank() + " of " + world.size() + " is done");
    }

    private static void near(Tensor whole, Tensor part, int from) {
        double[] values = part.readDoubles();
        assertArrayEquals(Arrays.copyOfRange(whole.readDoubles(), from, from + values.length), values, 1e-12);
    }

    private static void time(Collective world) {
        for (int channels : new int[] {64, 256, 1024, 4096}) {
            double[] mine = new double[2 * channels + 1];
            double[] micros = new double[2000];
            for (int i = 0; i < micros.length; i++) {
                long begun = System.nanoTime();
                world.allGather(mine);
                micros[i] = (System.nanoTime() - begun) / 1e3;
            }
            Arrays.sort(micros);
            if (world.rank() == 0) {
                System.out.printf("%d channels: %.1f us median, %.1f best%n", channels, micros[micros.length / 2],
                        micros[0]);
            }
        }
    }
}
