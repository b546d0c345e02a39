package org.clnorm;

import java.util.Objects;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;
import org.clnorm.state.Framework;
import org.clnorm.tensor.DataType;

/**
 * What all layers can be told before they are built. Values are checked by {@link #build()}.
 *
 * @param <L> the layer
 * @param <B> the builder
 */
public abstract class LayerBuilder<L extends NormLayer, B extends LayerBuilder<L, B>> {
    double eps = 1e-5;
    boolean affine;
    boolean weight = true;
    boolean bias = true;
    boolean centered = true;
    boolean zeroCentered;
    Layout layout = Layout.CHANNELS_FIRST;
    Activation activation = Activation.NONE;
    DataType dataType = DataType.F32;

    LayerBuilder(boolean affine) {
        this.affine = affine;
    }

    @SuppressWarnings("unchecked")
    final B self() {
        return (B) this;
    }

    /**
     * What is added to the variance.
     *
     * @param value finite, 0 or more; 1e-5 unless told
     * @return this builder
     */
    public B eps(double value) {
        eps = value;
        return self();
    }

    /**
     * Takes over another framework's defaults, where they differ from PyTorch's: eps and, in layers with running
     * statistics, momentum and which variance they take up. What is called after it has the last word.
     *
     * @param framework where the layer comes from
     * @return this builder
     */
    public B like(Framework framework) {
        eps = framework.eps();
        return self();
    }

    /**
     * Whether there is a weight, in a layer with parameters. Without it there may be a bias alone, a shift without a
     * scale.
     *
     * @param present true unless told
     * @return this builder
     */
    public B weight(boolean present) {
        weight = present;
        return self();
    }

    /**
     * Whether there is a bias, in a layer with parameters.
     *
     * @param present true unless told
     * @return this builder
     */
    public B bias(boolean present) {
        bias = present;
        return self();
    }

    /**
     * What is applied to every element after weight and bias, in the same pass.
     *
     * @param function none unless told
     * @return this builder
     */
    public final B activation(Activation function) {
        activation = Objects.requireNonNull(function, "function");
        return self();
    }

    /** What is done besides normalizing and the affine. */
    final Form form() {
        return new Form(centered, zeroCentered && affine && weight, activation, Join.NONE);
    }

    /**
     * The type of weight, bias and their gradients, and which inputs the layer takes. An output has the type of its
     * input. Running statistics are F32 in any case but F64.
     *
     * @param type F32 unless told: inputs are F32, F16 or BF16; F16 and BF16: inputs too; F64: inputs too, on devices
     *             that have doubles
     * @return this builder
     */
    public final B dataType(DataType type) {
        dataType = Objects.requireNonNull(type, "type");
        return self();
    }

    /**
     * Makes the layer, in training mode and on no device.
     *
     * @return the layer
     * @throws IllegalArgumentException if a value is out of range
     */
    public abstract L build();
}
