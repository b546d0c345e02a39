package org.clnorm.bench;

import java.util.Optional;
import org.clnorm.conformance.Workload;
import org.clnorm.tensor.Device;

/** Asks whether a device computes a workload rightly. */
@FunctionalInterface
public interface Checker {
    /** PLACEHOLDER */
    Checker CONFORMANCE = (device, workload) -> Optional.empty();

    /**
     * Runs the workload and compares it with the reference.
     *
     * @param device   the device
     * @param workload the workload
     * @return what is wrong, or empty
     */
    Optional<String> fault(Device device, Workload workload);
}
