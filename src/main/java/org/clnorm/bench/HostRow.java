package org.clnorm.bench;

import java.util.Locale;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Task;

/**
 * What one pass of one workload costs the host.
 *
 * @param workload      the line that repeats it
 * @param pass          {@code forward} or {@code backward}
 * @param same          calls with the same tensors each time
 * @param changing      calls with other tensors than the call before
 * @param emptyMedianUs median time to enqueue an empty kernel, in turns with the calls, in microseconds
 * @param emptyMinUs    the least such time
 * @param kernels       {@code cpu} or {@code gpu}
 * @param variant       the variant that ran
 * @param device        the device
 */
public record HostRow(String workload, String pass, HostCost same, HostCost changing, double emptyMedianUs,
        double emptyMinUs, String kernels, String variant, String device) {
    static HostRow of(String line, Task.Pass pass, HostCost same, HostCost changing, Samples empty, Explanation how,
            String device) {
        return new HostRow(line, pass.name().toLowerCase(Locale.ROOT), same, changing, empty.median(), empty.min(),
                how.kernels(), how.variant(), device);
    }
}
