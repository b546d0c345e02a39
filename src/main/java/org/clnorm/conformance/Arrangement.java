package org.clnorm.conformance;

import java.util.List;
import org.clnorm.Layout;
import org.clnorm.tensor.Shape;

/**
 * How the axes of an input belong together where that is not as usual.
 *
 * @param layout       where the channels lie in memory
 * @param virtualBatch how many samples batch normalization takes together; 0 for all
 * @param axes         what layer normalization is over; none for the last dimensions
 * @param endings      where the samples end, if they are sequences of different lengths
 */
record Arrangement(Layout layout, long virtualBatch, List<Integer> axes, Endings endings) {
    static final Arrangement USUAL = new Arrangement(Layout.CHANNELS_FIRST, 0, List.of(), Endings.NONE);

    Arrangement layout(Layout channels) {
        return new Arrangement(channels, virtualBatch, axes, endings);
    }

    Arrangement virtualBatch(long samples) {
        return new Arrangement(layout, samples, axes, endings);
    }

    Arrangement axes(List<Integer> places) {
        return new Arrangement(layout, virtualBatch, places, endings);
    }

    Arrangement endings(Endings others) {
        return new Arrangement(layout, virtualBatch, axes, others);
    }

    int[] places() {
        return axes.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Whether the channels lie last. */
    boolean channelsLast() {
        return layout == Layout.CHANNELS_LAST;
    }

    /** The dimension that holds the channels, of a stored shape. */
    int channelDim(Shape stored, boolean unbatched) {
        return channelsLast() ? stored.rank() - 1 : unbatched ? 0 : 1;
    }

    /** The shape of tensors of a logical one, N x C x space. */
    Shape stored(Shape logical, boolean unbatched) {
        if (!channelsLast()) {
            return logical;
        }
        long[] dims = logical.dims();
        int channel = unbatched ? 0 : 1;
        long channels = dims[channel];
        System.arraycopy(dims, channel + 1, dims, channel, dims.length - channel - 1);
        dims[dims.length - 1] = channels;
        return Shape.of(dims);
    }
}
