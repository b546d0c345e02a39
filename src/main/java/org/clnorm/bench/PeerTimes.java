package org.clnorm.bench;

/**
 * What another library took for a pass, and what CLNorm took in turns with it: both by the caller's clock, from before
 * the call until the result is there.
 *
 * @param peer           the library and how it ran, such as {@code pytorch} or {@code pytorch-compiled}
 * @param version        its version and where it ran
 * @param medianUs       its median time in microseconds
 * @param minUs          its least time
 * @param ourMedianUs    CLNorm's median time in the same rounds
 * @param ourMinUs       CLNorm's least time in the same rounds
 * @param deviceMedianUs its median time by the device's clock, NaN where it ran on a device without one
 * @param error          the largest error of its results, relative to scale, by the Java engine
 * @param ourError       the largest error of CLNorm's, likewise; NaN if it was not measured
 * @param load           the part of the machine's processors that others used meanwhile, 0 to 1; NaN if unknown
 */
public record PeerTimes(String peer, String version, double medianUs, double minUs, double ourMedianUs,
        double ourMinUs, double deviceMedianUs, double error, double ourError, double load) {
    /**
     * How many times as long as CLNorm the library took, by medians.
     *
     * @return above 1 where CLNorm is faster
     */
    public double medianRatio() {
        return medianUs / ourMedianUs;
    }

    /**
     * How many times as long as CLNorm the library took, by minima.
     *
     * @return above 1 where CLNorm is faster
     */
    public double minRatio() {
        return minUs / ourMinUs;
    }
}
