package org.clnorm.plan;

import java.util.Map;

/**
 * Where samples of a batch may end before the room that they are given: of sample n, the first {@code lengths[n]} time
 * steps are valid, and what follows them enters neither statistics nor gradients. An element at index i is valid if
 * {@code i % run < lengths[i / sample] * unit}, whatever the axes, so that these may be merged as without padding.
 *
 * @param sample elements of a sample
 * @param run    elements of the innermost stretch that holds the time axis; a sample is made of whole ones
 * @param unit   elements of a time step within it
 */
public record Padding(long sample, long run, long unit) {
    /** Samples fill their room. */
    public static final Padding NONE = new Padding(0, 0, 0);

    /**
     * Whether samples may end earlier.
     *
     * @return false for {@link #NONE}
     */
    public boolean exists() {
        return unit > 0;
    }

    /**
     * Time steps that a sample has room for.
     *
     * @return the size of the time axis
     */
    public long steps() {
        return run / unit;
    }

    /**
     * How many elements of a run are valid.
     *
     * @param length the length of its sample, in time steps
     * @return elements from its first on
     */
    public long valid(long length) {
        return length * unit;
    }

    /** Numbers for kernels, see {@code common/padding.cl}: of no account where nothing is padded. */
    void addTo(Map<String, Long> scalars) {
        scalars.put("sample", sample);
        scalars.put("run", run);
        scalars.put("unit", unit);
    }

    /** Tells kernels. */
    Map<String, Integer> options() {
        return exists() ? Map.of("PADDED", 1) : Map.of();
    }
}
