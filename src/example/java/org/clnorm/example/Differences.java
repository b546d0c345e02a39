package org.clnorm.example;

import java.util.Random;

/**
 * What {@link JoclLoop} learns: of noise in each channel, how far it exceeds the next channel's at the same point.
 *
 * @param inputs  all batches, one after the other
 * @param targets what is to come out for them
 * @param weight  the weights that the mix of channels begins with
 */
record Differences(float[] inputs, float[] targets, float[] weight) {
    static Differences make() {
        Random random = new Random(11);
        float[] inputs = noise(random, JoclLoop.BATCHES * JoclLoop.COUNT);
        float[] targets = new float[inputs.length];
        int sample = JoclLoop.CHANNELS * JoclLoop.SPACE;
        for (int i = 0; i < targets.length; i++) {
            int next = i / sample * sample + (i % sample + JoclLoop.SPACE) % sample;
            targets[i] = Math.max(0, inputs[i] - inputs[next]);
        }
        return new Differences(inputs, targets, noise(random, JoclLoop.CHANNELS * JoclLoop.CHANNELS));
    }

    private static float[] noise(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
