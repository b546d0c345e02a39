package org.clnorm.plan;

import java.util.Locale;

/** The two families of kernels; either runs on any device. */
public enum KernelSet {
    /** One work-item walks a whole group with vector loads: for devices whose cores are few and fast. */
    CPU,
    /** A work-group shares a group: for devices whose work-items are many and slow. */
    GPU;

    /**
     * The name in selectors, folders and reports.
     *
     * @return {@code cpu} or {@code gpu}
     */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
