package org.clnorm;

/** What batches with NaN or Inf, or with a variance beyond the range of floats, do to running statistics. */
public enum NonFinite {
    /** They enter them, as in PyTorch: a NaN stays for good. */
    ALLOW,
    /**
     * They pass by: a channel whose running mean or variance would no longer be finite keeps both. Found on the device,
     * without waiting; the batch counts.
     */
    SKIP,
    /**
     * They enter them, and what brings the running statistics to the host ({@link NormLayer#stateDict()}, {@link
     * TrackingLayer#checkFinite()}) throws, so that they reach no checkpoint; until state is loaded or reset.
     */
    THROW
}
