package org.clnorm;

import java.util.Objects;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;

/**
 * Group normalization of [N, C, …], or [N, …, C] if it is told so: the channels of a sample are split into groups, and
 * mean and variance taken over each group with its space. Weight and bias are per channel. eps 1e-5. Wu and He, 2018.
 *
 * <p>{@code GroupNorm(1, C)} normalizes as {@code LayerNorm([C, H, W])} does, but has C parameters against C·H·W.
 */
public final class GroupNorm extends NormLayer {
    private final long numGroups;
    private final long numChannels;
    private final boolean affine;

    /**
     * A layer with PyTorch's defaults.
     *
     * @param numGroups   groups, G
     * @param numChannels channels, C; a multiple of G
     * @throws IllegalArgumentException if they are not positive or C is no multiple of G
     */
    public GroupNorm(long numGroups, long numChannels) {
        this(builder(numGroups, numChannels));
    }

    private GroupNorm(Builder options) {
        super(options, channels(options));
        numGroups = options.numGroups;
        numChannels = options.numChannels;
        affine = options.affine;
    }

    private static Shape channels(Builder options) {
        Views.checkGroups(options.numGroups, options.numChannels);
        return Shape.of(options.numChannels);
    }

    /**
     * Builds a layer with other settings.
     *
     * @param numGroups   groups, G
     * @param numChannels channels, C
     * @return a builder with PyTorch's defaults
     */
    public static Builder builder(long numGroups, long numChannels) {
        return new Builder(numGroups, numChannels);
    }

    /** Builds group normalization layers. */
    public static final class Builder extends LayerBuilder<GroupNorm, Builder> {
        private final long numGroups;
        private final long numChannels;

        private Builder(long numGroups, long numChannels) {
            super(true);
            this.numGroups = numGroups;
            this.numChannels = numChannels;
        }

        /**
         * Whether there are a weight and, unless {@link #bias bias(false)}, a bias.
         *
         * @param present true unless told
         * @return this builder
         */
        public Builder affine(boolean present) {
            affine = present;
            return this;
        }

        /**
         * Where the channels of inputs lie: {@link Layout#CHANNELS_LAST} takes [N, …, C]. Parameters and state do not
         * change.
         *
         * @param channels CHANNELS_FIRST unless told
         * @return this builder
         */
        public Builder layout(Layout channels) {
            layout = Objects.requireNonNull(channels, "channels");
            return this;
        }

        @Override
        public GroupNorm build() {
            return new GroupNorm(this);
        }
    }

    /**
     * Puts the layer on a device, with its state.
     *
     * @param device where it is to compute; its inputs must be there
     * @return this layer
     */
    @Override
    public GroupNorm on(Device device) {
        place(device);
        return this;
    }

    /**
     * The number of groups.
     *
     * @return G
     */
    public long numGroups() {
        return numGroups;
    }

    /**
     * The number of channels.
     *
     * @return C
     */
    public long numChannels() {
        return numChannels;
    }

    @Override
    Work prepare(Shape shape) {
        if (shape.rank() < 2) {
            throw new IllegalArgumentException("expected at least 2D input (got " + shape.rank() + "D input)");
        }
        Extents x = Extents.of(shape, layout());
        Views.checkChannels(numChannels, x.channels(), shape);
        return prepare(x, shape, numGroups, eps());
    }

    static Work prepare(Extents x, Shape shape, long numGroups, double eps) {
        Views.checkValuesPerChannel(shape.size() / numGroups, shape);
        return new Work(Views.group(x, numGroups), null, null, eps, false);
    }

    @Override
    String describe() {
        return numGroups + ", " + numChannels + ", eps=" + Python.repr(eps()) + ", affine=" + Python.repr(affine);
    }
}
