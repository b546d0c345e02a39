package org.clnorm.bench;

import java.util.Optional;
import org.clnorm.conformance.ReferenceCheck;
import org.clnorm.conformance.Verdict;
import org.clnorm.conformance.Workload;
import org.clnorm.tensor.Device;

/** Asks whether a device computes a workload rightly. */
@FunctionalInterface
public interface Checker {
    /**
     * Runs the workload and judges what comes out.
     *
     * @param device   the device
     * @param workload the workload
     * @return what is wrong, or empty
     */
    Optional<String> fault(Device device, Workload workload);

    /**
     * Judges a device by the CPU engine, all tensors of forward and backward passes.
     *
     * @param device   the device
     * @param workload the workload
     * @return the first tensor that is wrong, and how; or empty
     */
    static Optional<String> againstReference(Device device, Workload workload) {
        try (ReferenceCheck reference = new ReferenceCheck()) {
            return reference.verdicts(workload, device).stream().filter(verdict -> !verdict.passed()).findFirst()
                    .map(Verdict::toString);
        }
    }
}
