package org.clnorm.tensor;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Which device to open and how.
 *
 * @param selector {@code cpu} (the Java engine), {@code opencl} (the best OpenCL device), {@code opencl:P:D} (platform
 *                 and device by index), {@code opencl:TEXT} (part of the device's or platform's name)
 * @param kernels  the kernel set: {@code auto}, {@code cpu} or {@code gpu}; either runs on any OpenCL device
 * @param variant  the name of a kernel variant to force, or empty for the first that accepts
 * @param tuning   a file of what {@code clnorm tune} found to be fastest on this device, or null
 */
public record DeviceRequest(String selector, String kernels, String variant, Path tuning) {
    /**
     * The variant that gives the same bits on every device, the Java engine ({@code cpu}) among them: sums are added in
     * one order, and nothing is contracted. An OpenCL device must round as IEEE 754 says and keep denormals, or it
     * cannot be opened with this; it is slower than what a device is given otherwise.
     */
    public static final String BITWISE = "bitwise";

    /**
     * Checks that nothing but the tuning file is null; names and files are checked by the device.
     *
     * @param selector the device
     * @param kernels  the kernel set
     * @param variant  the variant, or empty
     * @param tuning   the tuning file, or null
     */
    public DeviceRequest {
        Objects.requireNonNull(selector, "selector");
        Objects.requireNonNull(kernels, "kernels");
        Objects.requireNonNull(variant, "variant");
    }

    /**
     * A device with its own choice of kernels.
     *
     * @param selector the device
     * @return the request
     */
    public static DeviceRequest of(String selector) {
        return new DeviceRequest(selector, "auto", "", null);
    }

    /**
     * The same device with another kernel set.
     *
     * @param set {@code auto}, {@code cpu} or {@code gpu}
     * @return the request
     */
    public DeviceRequest withKernels(String set) {
        return new DeviceRequest(selector, set, variant, tuning);
    }

    /**
     * The same device with a variant forced.
     *
     * @param name the variant
     * @return the request
     */
    public DeviceRequest withVariant(String name) {
        return new DeviceRequest(selector, kernels, name, tuning);
    }

    /**
     * The same device with what was measured on it.
     *
     * @param file a tuning file
     * @return the request
     */
    public DeviceRequest withTuning(Path file) {
        return new DeviceRequest(selector, kernels, variant, file);
    }
}
