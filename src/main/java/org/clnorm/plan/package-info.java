/**
 * What is to be computed, said by a few axes, and the decision how: pure functions that need no device.
 *
 * <p>Programs meet two classes: {@link org.clnorm.plan.Activation}, which a layer's builder takes, and
 * {@link org.clnorm.plan.Task.Pass}, which {@code explain} takes. To follow a decision begin with
 * {@link org.clnorm.plan.NormView}, the axes of a layer, then {@link org.clnorm.plan.Task} and
 * {@link org.clnorm.plan.Planner}, which asks each {@link org.clnorm.plan.Variant} of kernels for its plan.
 *
 * <pre>{@code
 * try (Device device = Device.open(); Scope scope = device.scope()) {
 *     LayerNorm norm = LayerNorm.builder(512).activation(Activation.GELU).build().on(device);
 *     Explanation why = norm.explain(device.zeros(16, 512), Task.Pass.FORWARD);   // which kernels would run, and why
 * }
 * }</pre>
 */
package org.clnorm.plan;
