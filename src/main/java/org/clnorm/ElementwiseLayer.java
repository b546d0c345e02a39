package org.clnorm;

import org.clnorm.tensor.Shape;

/** A layer that normalizes over given dimensions of its input and has parameters for each element of them. */
public abstract class ElementwiseLayer extends NormLayer {
    private final Normalized normalized;
    private final boolean elementwiseAffine;

    ElementwiseLayer(ElementwiseBuilder<?, ?> options) {
        super(options, options.normalizedShape);
        normalized = Normalized.of(options.normalizedShape, options.axes);
        elementwiseAffine = options.affine;
    }

    /**
     * The dimensions that are normalized over.
     *
     * @return the shape of weight and bias
     */
    public final Shape normalizedShape() {
        return normalized.shape();
    }

    @Override
    final Work prepare(Shape shape) {
        return new Work(normalized.view(shape), null, null, eps(), false);
    }

    @Override
    final int time() {
        return 1;
    }

    @Override
    final String describe() {
        return normalized.describe() + ", eps=" + Python.repr(eps()) + ", elementwise_affine="
                + Python.repr(elementwiseAffine);
    }
}
