package org.clnorm.cli;

import java.util.ArrayList;
import java.util.List;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;

/** A device opened with each kernel set that is to be checked. */
final class KernelSets implements AutoCloseable {
    private static final String AUTO = "auto";

    private final List<Opened> sets = new ArrayList<>();

    private KernelSets() {
    }

    /**
     * A device with one kernel set.
     *
     * @param label   what reports call the kernel set
     * @param options the options that open it again, each followed by a blank
     * @param device  the device
     */
    record Opened(String label, String options, Device device) {
    }

    /** The kernel set or variant asked for; else, on an OpenCL device, both sets; else the Java engine. */
    static KernelSets open(DeviceOptions options) {
        KernelSets sets = new KernelSets();
        try {
            sets.openAll(options);
            return sets;
        } catch (RuntimeException failed) {
            sets.close();
            throw failed;
        }
    }

    private void openAll(DeviceOptions options) {
        String device = options.selector() == null ? "" : "--device " + Shell.quoted(options.selector()) + " ";
        if (!options.variant().isEmpty()) {
            String kernels = options.kernels().equals(AUTO) ? "" : "--kernels " + options.kernels() + " ";
            add(options.variant(), device + kernels + "--variant " + options.variant() + " ", options.open());
        } else if (!options.kernels().equals(AUTO)) {
            add(options.kernels(), device + "--kernels " + options.kernels() + " ", options.open());
        } else if ("cpu".equals(options.selector())) {
            add("java", device, options.open());
        } else {
            openBoth(options, device);
        }
    }

    private void openBoth(DeviceOptions options, String device) {
        try {
            add("cpu", device + "--kernels cpu ", options.open("cpu"));
        } catch (DeviceException none) {
            if (options.selector() != null) {
                throw none;
            }
            add("java", "", options.open()); // whose log says why
            return;
        }
        add("gpu", device + "--kernels gpu ", options.open("gpu"));
    }

    private void add(String label, String options, Device device) {
        sets.add(new Opened(label, options, device));
    }

    List<Opened> all() {
        return sets;
    }

    @Override
    public void close() {
        sets.forEach(set -> set.device().close());
    }
}
