/**
 * Normalization on OpenCL devices: finds and opens them, keeps their memory and programs, launches what a plan says.
 * {@code Cl} is the one seam through which every OpenCL call goes.
 *
 * <p>A program that works with JOCL itself begins with {@link org.clnorm.engine.opencl.OpenClDevice}, the only class
 * here that it needs: layers on its queue, its buffers as tensors, and events either way.
 *
 * <pre>{@code
 * cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, 8192, null, null);
 * try (OpenClDevice device = OpenClDevice.wrap(context, deviceId, queue)) {
 *     BatchNorm2d norm = new BatchNorm2d(4).on(device);
 *     Tensor x = device.borrow(buffer, 0, DataType.F32, Shape.of(4, 4, 8, 8));       // once, before the loop
 *     Tensor y = device.borrow(buffer, 4096, DataType.F32, Shape.of(4, 4, 8, 8));
 *     norm.forward(x, y);                                                            // on your queue
 * }
 * clReleaseMemObject(buffer);
 * }</pre>
 */
package org.clnorm.engine.opencl;
