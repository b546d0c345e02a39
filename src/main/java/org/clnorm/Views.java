package org.clnorm;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Padding;
import org.clnorm.tensor.Shape;

/** The layers' axes, and the shapes they refuse: all that tells one normalization from another. */
final class Views {
    private Views() {
    }

    /** Batch normalization: a group is a channel. */
    static NormView batch(Extents x) {
        return view(x, true, List.of(Axis.kept(x.channels(), x.channelStride(), 1)));
    }

    /** Batch normalization of each {@code samples} samples by themselves, whose number is a multiple of it. */
    static NormView batches(Extents x, long samples) {
        Axis batches = Axis.kept(x.samples() / samples, samples * x.sampleStride(), 0);
        Extents one = new Extents(samples, x.channels(), x.span(), x.channelsLast(), false);
        return new NormView(Stream.concat(Stream.of(batches), batch(one).axes().stream()).toList());
    }

    /** Instance normalization: a group is a channel of a sample. */
    static NormView instance(Extents x) {
        return view(x, false, List.of(Axis.kept(x.channels(), x.channelStride(), 1)));
    }

    /** Instance normalization on running statistics: all samples of a channel share them. */
    static NormView instanceGiven(Extents x) {
        return batch(x);
    }

    /** Group normalization: a group is some neighbouring channels of a sample. */
    static NormView group(Extents x, long groups) {
        long members = x.channels() / groups;
        return view(x, false, List.of(Axis.kept(groups, members * x.channelStride(), members),
                Axis.reduced(members, x.channelStride(), 1)));
    }

    /** Samples outermost, then the channels' axes and space, as they lie. */
    private static NormView view(Extents x, boolean reduceSamples, List<Axis> channels) {
        Axis samples = new Axis(x.samples(), x.sampleStride(), reduceSamples, x.sampleParameters());
        Axis space = Axis.reduced(x.span(), x.spaceStride(), 0);
        List<Axis> axes = new ArrayList<>(channels);
        axes.add(x.channelsLast() ? 0 : channels.size(), space);
        axes.add(0, samples);
        return new NormView(axes);
    }

    /** Layer normalization over the last of [N, …, M], with parameters of each sample's own, [N, M]. */
    static NormView layerPerSample(Shape x) {
        int last = x.rank() - 1;
        long length = x.dim(last);
        long rows = x.size(1, last);
        return NormView.of(Axis.kept(x.dim(0), rows * length, length), Axis.kept(rows, length, 0),
                Axis.reduced(length, 1, 1));
    }

    /** Where samples may end earlier, if a dimension of an input is time. */
    static Padding padding(Shape x, int time) {
        if (x.rank() <= time) {
            throw new IllegalArgumentException("expected input of at least " + (time + 1) + " dimensions, of which "
                    + time + " is time, got the shape " + x);
        }
        return new Padding(x.size(1, x.rank()), x.size(time, x.rank()), x.size(time + 1, x.rank()));
    }

    static void checkChannels(long expected, long got, Shape x) {
        if (expected != got) {
            throw new IllegalArgumentException(
                    "expected input with " + expected + " channels, got " + got + " in input of shape " + x);
        }
    }

    /** One value a channel has no variance. */
    static void checkValuesPerChannel(long values, Shape x) {
        if (values == 1) {
            throw new IllegalArgumentException(
                    "expected more than 1 value per channel when training, got input of shape " + x);
        }
    }

    static void checkVirtualBatch(long virtualBatch, Shape x) {
        if (x.dim(0) % virtualBatch != 0) {
            throw new IllegalArgumentException("expected a batch of a multiple of " + virtualBatch
                    + " samples, the virtual batch, when training, got input of shape " + x);
        }
    }

    static void checkSpatialElements(long span, Shape x) {
        if (span == 1) {
            throw new IllegalArgumentException(
                    "expected more than 1 spatial element when training, got input of shape " + x);
        }
    }

    static void checkGroups(long groups, long channels) {
        if (groups <= 0 || channels <= 0 || channels % groups != 0) {
            throw new IllegalArgumentException(
                    "expected numChannels to be a positive multiple of numGroups, got numGroups " + groups
                            + ", numChannels " + channels);
        }
    }

    static void checkNormalizedShape(Shape normalized, Shape x) {
        int split = x.rank() - normalized.rank();
        for (int i = 0; i < normalized.rank(); i++) {
            if (split < 0 || x.dim(split + i) != normalized.dim(i)) {
                String star = normalized.toString().replace("[", "[*, ");
                throw new IllegalArgumentException("given normalizedShape " + normalized
                        + ", expected input of shape " + star + ", got " + x);
            }
        }
    }

    static Shape checkedNormalizedShape(long... normalizedShape) {
        Shape shape = Shape.of(normalizedShape);
        if (shape.rank() == 0 || shape.size() == 0) {
            throw new IllegalArgumentException(
                    "expected a normalizedShape of at least one dimension, each 1 or more, got " + shape);
        }
        return shape;
    }

    static double checkedEps(double eps) {
        if (!(eps >= 0) || Double.isInfinite(eps)) {
            throw new IllegalArgumentException("expected a finite eps of 0 or more, got " + eps);
        }
        return eps;
    }

    static double checkedMomentum(double momentum) {
        if (!(momentum >= 0 && momentum <= 1)) {
            throw new IllegalArgumentException("expected a momentum from 0 to 1, got " + momentum);
        }
        return momentum;
    }
}
