package org.clnorm.cli;

import java.lang.management.ManagementFactory;

/** How busy the machine is. */
final class MachineLoad {
    private MachineLoad() {
    }

    /** The load average of the last minute over the number of cores; negative where the system does not tell. */
    static double perCore() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load / Runtime.getRuntime().availableProcessors();
    }
}
