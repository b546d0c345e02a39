package org.clnorm.conformance;

import org.clnorm.tensor.Shape;

/**
 * Which group and which parameter an element belongs to, from its index alone and without the views that engines use.
 */
final class Groups {
    private final LayerKind kind;
    private final int channels;
    private final int span;
    private final boolean channelsLast;
    private final int perGroup;
    private final int count;

    /** Of an input; a group given statistics is a channel of all samples. */
    Groups(LayerSpec spec, Shape x, boolean given) {
        kind = given ? LayerKind.BATCH_NORM : spec.kind();
        channelsLast = spec.arrangement().channelsLast();
        if (kind.overLast()) {
            channels = 1;
            span = Math.toIntExact(spec.normalized().size());
            perGroup = 1;
            count = Math.toIntExact(x.size() / span);
            return;
        }
        boolean unbatched = spec.kind() == LayerKind.INSTANCE_NORM && x.rank() == spec.spatial() + 1;
        int channelDim = spec.arrangement().channelDim(x, unbatched);
        int samples = unbatched ? 1 : Math.toIntExact(x.dim(0));
        channels = Math.toIntExact(x.dim(channelDim));
        span = Math.toIntExact(channelsLast ? x.size(unbatched ? 0 : 1, channelDim)
                : x.size(channelDim + 1, x.rank()));
        perGroup = kind == LayerKind.GROUP_NORM ? Math.toIntExact(channels / spec.groups()) : 1;
        count = kind == LayerKind.BATCH_NORM ? channels : samples * (channels / perGroup);
    }

    int count() {
        return count;
    }

    int parameters() {
        return kind.overLast() ? span : channels;
    }

    int group(int element) {
        return switch (kind) {
            case LAYER_NORM, RMS_NORM -> element / span;
            case BATCH_NORM -> channel(element);
            case INSTANCE_NORM, GROUP_NORM ->
                    (element / span / channels * channels + channel(element)) / perGroup;
        };
    }

    int parameter(int element) {
        return kind.overLast() ? element % span : channel(element);
    }

    private int channel(int element) {
        return channelsLast ? element % channels : element / span % channels;
    }
}
