package org.clnorm.scale;

import java.util.ArrayList;
import java.util.List;

/** The batch normalizations of ResNet-50. */
final class ResNet50 {
    private static final int[] BLOCKS = {3, 4, 6, 3};
    private static final int[] WIDTHS = {64, 128, 256, 512};
    /** A block's last convolution has so many times the channels of the others. */
    private static final int EXPANSION = 4;

    private ResNet50() {
    }

    /** Channels of every layer, in the order of the forward pass. */
    static List<Integer> channels() {
        List<Integer> channels = new ArrayList<>(List.of(WIDTHS[0]));
        for (int stage = 0; stage < BLOCKS.length; stage++) {
            int width = WIDTHS[stage];
            for (int block = 0; block < BLOCKS[stage]; block++) {
                channels.addAll(List.of(width, width, EXPANSION * width));
                if (block == 0) {
                    // of the way around the first block, whose width changes
                    channels.add(EXPANSION * width);
                }
            }
        }
        return channels;
    }
}
