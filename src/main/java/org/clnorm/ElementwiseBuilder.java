package org.clnorm;

import org.clnorm.tensor.Shape;

/**
 * What layers with a parameter for each element that they normalize over can be told as well.
 *
 * @param <L> the layer
 * @param <B> the builder
 */
public abstract class ElementwiseBuilder<L extends NormLayer, B extends ElementwiseBuilder<L, B>>
        extends LayerBuilder<L, B> {
    final Shape normalizedShape;
    int[] axes = {};

    ElementwiseBuilder(long... normalizedShape) {
        super(true);
        this.normalizedShape = Views.checkedNormalizedShape(normalizedShape);
    }

    /**
     * Whether there are parameters: a weight and, in layers that have one, unless {@link #bias bias(false)}, a bias.
     *
     * @param present true unless told
     * @return this builder
     */
    public final B elementwiseAffine(boolean present) {
        affine = present;
        return self();
    }

    /**
     * Whether the weight is kept as its difference from 1, so that x̂ is multiplied by 1 + weight: 0 is then what
     * training begins with, and what weight decay draws it to.
     *
     * @param difference false unless told
     * @return this builder
     */
    public final B zeroCentered(boolean difference) {
        zeroCentered = difference;
        return self();
    }

    /**
     * The dimensions of the input that are normalized over, where they are not the last: one for each of the normalized
     * shape, in ascending order, so that {@code LayerNorm.builder(C).axes(1)} normalizes [N, C, S] over its channels.
     * Negative ones count from the end. They may part the input into at most four stretches of dimensions that are
     * normalized over or not.
     *
     * @param places the dimensions; none, the default, for the last ones
     * @return this builder
     */
    public final B axes(int... places) {
        axes = places.clone();
        return self();
    }
}
