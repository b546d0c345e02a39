package org.clnorm;

import org.clnorm.tensor.Shape;

/**
 * An input as so many samples of channels, each of which spans so many elements.
 *
 * @param samples      N
 * @param channels     C
 * @param span         the product of the dimensions of space
 * @param channelsLast whether the channels lie innermost
 * @param perSample    whether each sample has parameters of its own, [N, C]; else they are [C]
 */
record Extents(long samples, long channels, long span, boolean channelsLast, boolean perSample) {
    /** Of a batch in a layout, of at least two dimensions. */
    static Extents of(Shape x, Layout layout) {
        int last = x.rank() - 1;
        return layout == Layout.CHANNELS_LAST ? new Extents(x.dim(0), x.dim(last), x.size(1, last), true, false)
                : new Extents(x.dim(0), x.dim(1), x.size(2, x.rank()), false, false);
    }

    /** Of one sample in a layout. */
    static Extents unbatched(Shape x, Layout layout) {
        int last = x.rank() - 1;
        return layout == Layout.CHANNELS_LAST ? new Extents(1, x.dim(last), x.size(0, last), true, false)
                : new Extents(1, x.dim(0), x.size(1, x.rank()), false, false);
    }

    /** The same with parameters of each sample's own. */
    Extents parametersPerSample() {
        return new Extents(samples, channels, span, channelsLast, true);
    }

    /** The shape of weight and bias. */
    Shape parameters() {
        return perSample ? Shape.of(samples, channels) : Shape.of(channels);
    }

    /** Elements between samples. */
    long sampleStride() {
        return channels * span;
    }

    /** Elements between channels. */
    long channelStride() {
        return channelsLast ? 1 : span;
    }

    /** Elements between neighbours in space. */
    long spaceStride() {
        return channelsLast ? channels : 1;
    }

    /** Parameters between samples. */
    long sampleParameters() {
        return perSample ? channels : 0;
    }
}
