package org.clnorm.conformance;

import java.util.List;
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
    private final int together;
    private final int count;
    /** Of normalization over axes that are not the last, by element; null for all else. */
    private final int[] groups;
    private final int[] parameters;

    /** Of an input; a group given statistics is a channel of all samples. */
    Groups(LayerSpec spec, Shape x, boolean given) {
        kind = given ? LayerKind.BATCH_NORM : spec.kind();
        channelsLast = spec.arrangement().channelsLast();
        boolean scattered = !spec.arrangement().axes().isEmpty();
        groups = scattered ? new int[Math.toIntExact(x.size())] : null;
        parameters = scattered ? new int[groups.length] : null;
        if (kind.overLast()) {
            channels = 1;
            span = Math.toIntExact(spec.normalized().size());
            perGroup = 1;
            together = 1;
            count = Math.toIntExact(x.size() / span);
            scatter(x, spec.arrangement().axes());
            return;
        }
        boolean unbatched = spec.kind() == LayerKind.INSTANCE_NORM && x.rank() == spec.spatial() + 1;
        int channelDim = spec.arrangement().channelDim(x, unbatched);
        int samples = unbatched ? 1 : Math.toIntExact(x.dim(0));
        channels = Math.toIntExact(x.dim(channelDim));
        span = Math.toIntExact(channelsLast ? x.size(unbatched ? 0 : 1, channelDim)
                : x.size(channelDim + 1, x.rank()));
        perGroup = kind == LayerKind.GROUP_NORM ? Math.toIntExact(channels / spec.groups()) : 1;
        int virtual = given ? 0 : Math.toIntExact(spec.arrangement().virtualBatch());
        together = kind != LayerKind.BATCH_NORM ? 1 : virtual > 0 ? virtual : Math.max(1, samples);
        int batches = kind == LayerKind.BATCH_NORM && virtual == 0 ? 1 : samples / together;
        count = batches * (channels / perGroup);
    }

    /** Counts the indices along the axes, and those along the others. */
    private void scatter(Shape x, List<Integer> axes) {
        for (int i = 0; groups != null && i < groups.length; i++) {
            int group = 0;
            int parameter = 0;
            long inner = x.size();
            for (int dim = 0; dim < x.rank(); dim++) {
                inner /= x.dim(dim);
                int index = Math.toIntExact(i / inner % x.dim(dim));
                if (axes.contains(dim)) {
                    parameter = Math.toIntExact(parameter * x.dim(dim) + index);
                } else {
                    group = Math.toIntExact(group * x.dim(dim) + index);
                }
            }
            groups[i] = group;
            parameters[i] = parameter;
        }
    }

    int count() {
        return count;
    }

    int parameters() {
        return kind.overLast() ? span : channels;
    }

    int group(int element) {
        return groups != null ? groups[element] : kind.overLast() ? element / span
                : (element / span / channels / together * channels + channel(element)) / perGroup;
    }

    int parameter(int element) {
        return parameters != null ? parameters[element] : kind.overLast() ? element % span : channel(element);
    }

    private int channel(int element) {
        return channelsLast ? element % channels : element / span % channels;
    }
}
