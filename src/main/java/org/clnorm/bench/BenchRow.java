package org.clnorm.bench;

import java.util.List;
import java.util.Locale;
import org.clnorm.conformance.Workload;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Task;

/**
 * One pass of one workload, timed.
 *
 * @param workload     the line that repeats it
 * @param pass         {@code forward} or {@code backward}
 * @param medianUs     median time of the pass's kernels by the device's clock, in microseconds; on the Java engine by
 *                     the caller's
 * @param minUs        the least such time
 * @param wallMedianUs median time around an enqueue and finish, which is what a caller waits
 * @param gbPerS       minimum bytes, in 10⁹ a second, over the median: every tensor once, which is 2T forward (x, y)
 *                     and 3T backward (x, dy, dx) where T is x's size; with a residual before 4T either way (and the
 *                     sum; and what reached it besides), with one after 3T forward, and where an activation follows
 *                     4T backward (its gradient) and a bit an element both ways
 * @param copyFraction {@code gbPerS} over that of the fastest copy of x to y in the same run
 * @param kernels      {@code cpu}, {@code gpu} or {@code java}
 * @param variant      the variant that ran
 * @param reason       why, and how it cut the work
 * @param device       the device
 * @param peers        other libraries timed side by side, none unless asked for
 */
public record BenchRow(String workload, String pass, double medianUs, double minUs, double wallMedianUs, double gbPerS,
        double copyFraction, String kernels, String variant, String reason, String device,
        List<PeerTimes> peers) {
    private static final double BYTES_PER_US_AND_GB = 1e3;

    /**
     * Copies the list.
     *
     * @param workload     the line that repeats it
     * @param pass         {@code forward} or {@code backward}
     * @param medianUs     median time by the device's clock
     * @param minUs        least time by the device's clock
     * @param wallMedianUs median time by the caller's clock
     * @param gbPerS       minimum bytes a second
     * @param copyFraction that over a copy's
     * @param kernels      the kernel set
     * @param variant      the variant
     * @param reason       why
     * @param device       the device
     * @param peers        other libraries
     */
    public BenchRow {
        peers = List.copyOf(peers);
    }

    static BenchRow of(BenchLine line, Task.Pass pass, Samples kernels, Samples wall, double copyUs, Explanation how,
            String device) {
        double gbPerS = gbPerS(Traffic.bytes(line.workload(), pass), kernels.median());
        return new BenchRow(line.text(), label(pass), kernels.median(), kernels.min(), wall.median(), gbPerS,
                gbPerS / copyGbPerS(line.workload(), copyUs), how.kernels(), how.variant(), how.reason(), device,
                List.of());
    }

    static double copyGbPerS(Workload workload, double microseconds) {
        return gbPerS(Traffic.COPY_TENSORS * workload.bytes(), microseconds);
    }

    BenchRow beside(List<PeerTimes> others) {
        return new BenchRow(workload, pass, medianUs, minUs, wallMedianUs, gbPerS, copyFraction, kernels, variant,
                reason, device, others);
    }

    static String label(Task.Pass pass) {
        return pass.name().toLowerCase(Locale.ROOT);
    }

    private static double gbPerS(long bytes, double microseconds) {
        return bytes / microseconds / BYTES_PER_US_AND_GB;
    }
}
