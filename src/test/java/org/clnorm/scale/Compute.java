package org.clnorm.scale;

import java.util.List;

/**
 * An assumption: how fast a device trains ResNet-50 by itself. Published for one GPU in NVIDIA's DeepLearningExamples,
 * PyTorch/Classification/ConvNets/resnet50v1.5; taken to be as fast with small batches, which it is not: a slower step
 * hides more.
 *
 * @param name            of the device and its arithmetic
 * @param imagesPerSecond of one device
 */
record Compute(String name, double imagesPerSecond) {
    static final Compute A100 = new Compute("A100, mixed precision", 2470);
    static final Compute V100 = new Compute("V100, float32", 367);
    static final List<Compute> ALL = List.of(A100, V100);

    double micros(int images) {
        return images / imagesPerSecond * 1e6;
    }
}
