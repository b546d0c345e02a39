/**
 * Normalization on OpenCL devices: finds and opens them, keeps their memory and programs, launches what a plan says.
 * {@code Cl} is the one seam through which every OpenCL call goes.
 *
 * <p>A program that works with JOCL itself begins with {@link org.clnorm.engine.opencl.OpenClDevice}, the only class
 * here that it needs: layers on its queue, its buffers as tensors, and events either way.
 *
 * <pre>{@code
 * try (OpenClDevice device = OpenClDevice.wrap(context, deviceId, queue)) {
 *     BatchNorm2d norm = new BatchNorm2d(64).on(device);
 *     Tensor x = device.borrow(buffer, 0, DataType.F32, Shape.of(8, 64, 28, 28));   // once, before the loop
 *     norm.forward(x, y);                                                           // on your queue
 * }
 * }</pre>
 */
package org.clnorm.engine.opencl;
