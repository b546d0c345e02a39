package org.clnorm.cli;

import java.nio.file.Path;
import java.util.Set;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceRequest;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which device to open and with which kernels; the same on every command. */
final class DeviceOptions {
    private static final String AUTO = "auto";
    private static final Set<String> KERNELS = Set.of(AUTO, "cpu", "gpu");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--device", paramLabel = "SEL", description = {
        "cpu: the Java engine; opencl: the best OpenCL device; opencl:P:D: platform and device by index; "
            + "opencl:TEXT: part of a name. Default: the best OpenCL device, else the Java engine."})
    private String selector;

    @Option(names = "--kernels", paramLabel = "SET", defaultValue = AUTO,
            description = "cpu, gpu or auto (default): which family of kernels to run.")
    private String kernels;

    @Option(names = "--variant", paramLabel = "NAME", defaultValue = "",
            description = "A kernel variant to force, such as plain; default: the first that accepts.")
    private String variant;

    @Option(names = "--tuning", paramLabel = "FILE",
            description = "What clnorm tune found to be fastest on this device.")
    private Path tuning;

    private DeviceOptions() {
    }

    /**
     * Opens the device.
     *
     * @throws ParameterException if an option is malformed or does not fit the device
     * @throws DeviceException    if there is no such device
     */
    Device open() {
        return open(kernels);
    }

    /** As {@link #open()}, with another kernel set than the one asked for. */
    Device open(String kernels) {
        if (!KERNELS.contains(kernels)) {
            throw usage("expected --kernels cpu, gpu or auto, got '" + kernels + "'");
        }
        try {
            if (selector == null && kernels.equals(AUTO) && variant.isEmpty() && tuning == null) {
                return Device.open();
            }
            // kernels are an OpenCL device's: the Java engine does not stand in for one here
            return Device.open(new DeviceRequest(selector == null ? "opencl" : selector, kernels, variant,
                    tuning));
        } catch (IllegalArgumentException malformed) {
            throw usage(malformed.getMessage());
        }
    }

    /** Whether any of them was given. */
    boolean given() {
        return selector != null || !kernels.equals(AUTO) || !variant.isEmpty() || tuning != null;
    }

    /** What {@code --device} says, null if it was not given. */
    String selector() {
        return selector;
    }

    /** The kernel set asked for: {@code cpu}, {@code gpu} or {@code auto}. */
    String kernels() {
        return kernels;
    }

    /** The variant asked for, empty if none was. */
    String variant() {
        return variant;
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
