/**
 * Tensors, the devices that hold them, and who owns what: the lowest room, which knows nothing of normalization.
 *
 * <p>Begin with {@link org.clnorm.tensor.Device#open()}, and a {@link org.clnorm.tensor.Scope} that closes what is made
 * inside it:
 *
 * <pre>{@code
 * try (Device device = Device.open(); Scope scope = device.scope()) {
 *     Tensor x = device.tensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);   // row by row, to the device
 *     float[] values = x.read();                                        // and back; this waits
 * }
 * }</pre>
 *
 * <p>{@link org.clnorm.tensor.Device#list()} says what devices there are, {@link org.clnorm.tensor.DeviceRequest} asks
 * for one with certain kernels, {@link org.clnorm.tensor.DataType} names the types. What a device or its driver fails
 * at is a {@link org.clnorm.tensor.DeviceException}.
 */
package org.clnorm.tensor;
