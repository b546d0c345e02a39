package org.clnorm.plan;

import java.util.Locale;

/** Kinds of devices that have thresholds of their own. */
public enum DeviceClass {
    /** Few fast cores. */
    CPU,
    /** A GPU by NVIDIA. */
    NVIDIA,
    /** A GPU by AMD. */
    AMD,
    /** A GPU by Intel. */
    INTEL,
    /** Any other GPU, and what stands in for one. */
    GPU;

    /**
     * The class of a device.
     *
     * @param kernels the kernel set it runs
     * @param vendor  what the device says of its vendor
     * @return its class
     */
    public static DeviceClass of(KernelSet kernels, String vendor) {
        if (kernels == KernelSet.CPU) {
            return CPU;
        }
        String said = vendor.toLowerCase(Locale.ROOT);
        if (said.contains("nvidia")) {
            return NVIDIA;
        }
        if (said.contains("advanced micro devices") || said.contains("amd")) {
            return AMD;
        }
        return said.contains("intel") ? INTEL : GPU;
    }
}
