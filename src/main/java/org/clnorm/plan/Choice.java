package org.clnorm.plan;

import java.util.EnumMap;
import java.util.Map;

/**
 * How a tuning file has a task done.
 *
 * @param variant    the variant
 * @param thresholds values in place of the device class's
 */
public record Choice(String variant, Map<Threshold, Long> thresholds) {
    /**
     * Copies the map.
     *
     * @param variant    the variant
     * @param thresholds values in place of the device class's
     */
    public Choice {
        thresholds = Map.copyOf(thresholds);
    }

    /**
     * This choice with one more threshold replaced.
     *
     * @param threshold which one
     * @param value     its value
     * @return a new choice
     */
    public Choice with(Threshold threshold, long value) {
        Map<Threshold, Long> all = new EnumMap<>(Threshold.class);
        all.putAll(thresholds);
        all.put(threshold, value);
        return new Choice(variant, all);
    }

    Traits apply(Traits traits) {
        return traits.with(traits.thresholds().with(thresholds));
    }

    /** {@code cpu/rows CPU_STREAM_BYTES=0}, thresholds in the order of their table. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(variant);
        for (Threshold threshold : Threshold.values()) {
            Long value = thresholds.get(threshold);
            if (value != null) {
                text.append(' ').append(threshold).append('=').append(value);
            }
        }
        return text.toString();
    }
}
