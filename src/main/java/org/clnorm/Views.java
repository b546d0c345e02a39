package org.clnorm;

import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.Shape;

/** The layers' axes, and the shapes they refuse: all that tells one normalization from another. */
final class Views {
    private Views() {
    }

    /** Batch normalization of [N, C, spatial…]: a group is a channel. */
    static NormView batch(Shape x) {
        long channels = x.dim(1);
        long span = x.size(2, x.rank());
        return NormView.of(Axis.reduced(x.dim(0), channels * span, 0), Axis.kept(channels, span, 1),
                Axis.reduced(span, 1, 0));
    }

    /**
     * Instance normalization of [N, C, spatial…] or, {@code unbatched}, [C, spatial…]: a group is a channel of a
     * sample.
     */
    static NormView instance(Shape x, boolean unbatched) {
        int channelDim = unbatched ? 0 : 1;
        long samples = unbatched ? 1 : x.dim(0);
        long channels = x.dim(channelDim);
        long span = x.size(channelDim + 1, x.rank());
        return NormView.of(Axis.kept(samples, channels * span, 0), Axis.kept(channels, span, 1),
                Axis.reduced(span, 1, 0));
    }

    /** Instance normalization on running statistics: all samples of a channel share them. */
    static NormView instanceGiven(Shape x, boolean unbatched) {
        return unbatched ? batch(withBatch(x)) : batch(x);
    }

    private static Shape withBatch(Shape x) {
        long[] dims = new long[x.rank() + 1];
        dims[0] = 1;
        System.arraycopy(x.dims(), 0, dims, 1, x.rank());
        return Shape.of(dims);
    }

    /** Group normalization of [N, C, spatial…]. */
    static NormView group(Shape x, long groups) {
        long channels = x.dim(1);
        long span = x.size(2, x.rank());
        long members = channels / groups;
        return NormView.of(Axis.kept(x.dim(0), channels * span, 0), Axis.kept(groups, members * span, members),
                Axis.reduced(members, span, 1), Axis.reduced(span, 1, 0));
    }

    /** Layer normalization over the last dimensions. */
    static NormView layer(Shape x, int normalizedRank) {
        int split = x.rank() - normalizedRank;
        long length = x.size(split, x.rank());
        return NormView.of(Axis.kept(x.size(0, split), length, 0), Axis.reduced(length, 1, 1));
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
