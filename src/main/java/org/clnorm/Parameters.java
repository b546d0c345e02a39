package org.clnorm;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** The weight and the bias of a layer, those that there are, and where backward passes write their gradients. */
final class Parameters {
    private final Map<String, Parameter> all = new LinkedHashMap<>();
    private final Parameter weight;
    private final Parameter bias;
    private boolean accumulate;

    Parameters(LayerBuilder<?, ?> options, Shape shape, LayerState state) {
        weight = options.affine && options.weight
                ? add("weight", options, shape, state, options.zeroCentered ? 0 : 1) : null;
        bias = options.affine && options.bias ? add("bias", options, shape, state, 0) : null;
    }

    private Parameter add(String name, LayerBuilder<?, ?> options, Shape shape, LayerState state, double initial) {
        Parameter parameter = new Parameter(state.add(name, shape, options.dataType, initial));
        all.put(name, parameter);
        return parameter;
    }

    /** By name, not to be changed. */
    Map<String, Parameter> all() {
        return Collections.unmodifiableMap(all);
    }

    /** The weight on the device, or null. */
    Tensor weight() {
        return tensorOf(weight);
    }

    /** The bias on the device, or null. */
    Tensor bias() {
        return tensorOf(bias);
    }

    private static Tensor tensorOf(Parameter parameter) {
        return parameter == null ? null : parameter.value();
    }

    /** Whether backward passes compute any gradient of them. */
    boolean wanted() {
        return wanted(weight) || wanted(bias);
    }

    private static boolean wanted(Parameter parameter) {
        return parameter != null && parameter.requiresGrad();
    }

    /** Whether gradients are added to what is there. */
    void accumulate(boolean add) {
        accumulate = add;
    }

    /** What {@link #accumulate(boolean)} was told. */
    boolean accumulates() {
        return accumulate;
    }

    /** Throws if a tensor is a gradient, which a backward pass writes; null is none. */
    void checkGradNot(String what, Tensor tensor) {
        if (weight != null) {
            weight.checkGradNot(what, tensor);
        }
        if (bias != null) {
            bias.checkGradNot(what, tensor);
        }
    }

    /** Runs a backward pass that also writes the gradients that are wanted; dx may be null. */
    void backward(ForwardPass pass, Tensor dy, Tensor dx, BackwardExtras extras, Device device) {
        Tensor dweight = null;
        Tensor dbias = null;
        try {
            dweight = wanted(weight) ? weight.gradTarget(device, accumulate) : null;
            dbias = wanted(bias) ? bias.gradTarget(device, accumulate) : null;
            pass.backward(dy, dx, dweight, dbias, accumulate, extras);
        } catch (RuntimeException failed) {
            drop(weight, dweight);
            drop(bias, dbias);
            throw failed;
        }
        keep(weight, dweight);
        keep(bias, dbias);
    }

    private static void drop(Parameter parameter, Tensor target) {
        if (target != null) {
            parameter.dropGrad(target);
        }
    }

    private static void keep(Parameter parameter, Tensor written) {
        if (written != null) {
            parameter.keepGrad(written);
        }
    }

    /** Makes the tensors of wanted gradients ahead. */
    void reserveGrads(Device device) {
        all.values().forEach(parameter -> parameter.reserveGrad(device));
    }

    void requiresGrad(boolean required) {
        all.values().forEach(parameter -> parameter.requiresGrad(required));
    }

    void requiresGrad(String name, boolean required) {
        Parameter parameter = all.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("expected one of " + all.keySet() + ", got '" + name + "'");
        }
        parameter.requiresGrad(required);
    }

    void zeroGrad() {
        all.values().forEach(Parameter::zeroGrad);
    }

    void closeGrads() {
        all.values().forEach(Parameter::closeGrad);
    }
}
