/**
 * PyTorch's normalization layers for Java on any OpenCL device: the layers, their parameters, and the same as
 * functional calls.
 *
 * <p>Begin with a {@linkplain org.clnorm.tensor.Device device} and a layer:
 *
 * <pre>{@code
 * try (Device device = Device.open(); Scope scope = device.scope()) {
 *     BatchNorm2d norm = new BatchNorm2d(64).on(device);
 *     Tensor x = device.zeros(8, 64, 28, 28).fill(1);
 *     Tensor y = norm.forward(x);      // enqueued, not waited for
 *     Tensor dx = norm.backward(y);    // takes the gradient of y
 *     float[] host = y.read();         // waits
 * }
 * }</pre>
 *
 * <ul>
 * <li>Layers: {@link org.clnorm.BatchNorm1d}, {@link org.clnorm.BatchNorm2d}, {@link org.clnorm.BatchNorm3d},
 * {@link org.clnorm.InstanceNorm1d}, {@link org.clnorm.InstanceNorm2d}, {@link org.clnorm.InstanceNorm3d},
 * {@link org.clnorm.GroupNorm}, {@link org.clnorm.LayerNorm}, {@link org.clnorm.RMSNorm}. Constructors have PyTorch's
 * defaults; {@code builder(…)} sets the rest. What all of them do is in {@link org.clnorm.NormLayer}.
 * <li>Around a layer: {@link org.clnorm.AddNorm}, {@link org.clnorm.NormAdd}, {@link org.clnorm.PaddedNorm}.
 * <li>Over several devices or processes: {@link org.clnorm.SyncBatchNorm}, whose ranks talk through
 * {@link org.clnorm.sync}.
 * <li>Without a layer: {@link org.clnorm.Norms}, as {@code torch.nn.functional}.
 * <li>Many layers at once, and their state: {@link org.clnorm.LayerTree}.
 * <li>For inference: {@link org.clnorm.Affine}, which other layers can take over.
 * </ul>
 *
 * <p>Threads: a layer, a tensor and the result of a functional call belong to one thread at a time; whoever hands
 * them to another thread does so with a happens-before edge. Several threads may use layers of their own on one
 * device at once.
 */
package org.clnorm;
