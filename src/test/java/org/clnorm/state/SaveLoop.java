package org.clnorm.state;

import java.nio.file.Path;
import java.util.Arrays;

/** Saves two states over each other until it is killed; {@link KilledSaveTest} starts and kills it. */
final class SaveLoop {
    private static final int VALUES = 200_000;

    private SaveLoop() {
    }

    static StateDict state(float value) {
        float[] values = new float[VALUES];
        Arrays.fill(values, value);
        return new StateDict().put("weight", HostTensor.ofFloats(values, VALUES))
                .put("running_mean", HostTensor.ofFloats(values, 2, VALUES / 2))
                .putMetadata("value", Float.toString(value));
    }

    public static void main(String[] arguments) {
        Path file = Path.of(arguments[0]);
        StateDict even = state(0);
        StateDict odd = state(1);
        for (int i = 0; true; i++) {
            (i % 2 == 0 ? even : odd).save(file);
            if (i == 1) { // by now all classes are loaded, and nearly all time is spent with a file half written
                System.out.println("saving");
            }
        }
    }
}
