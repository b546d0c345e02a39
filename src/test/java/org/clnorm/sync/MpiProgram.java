package org.clnorm.sync;

import java.time.Duration;
import java.util.Arrays;

/** What a process of {@link MpiCollectiveTest} does; it says what it saw on standard output. */
final class MpiProgram {
    private MpiProgram() {
    }

    public static void main(String[] arguments) {
        Duration deadline = Duration.ofSeconds(3);
        switch (arguments[0]) {
            case "all" -> MpiCollective.run(deadline, MpiProgram::all);
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

    private static void fails(Duration deadline, java.util.function.Consumer<Collective> body) {
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
