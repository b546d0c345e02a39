package org.clnorm.plan;

import java.util.EnumMap;
import java.util.Map;
import java.util.StringJoiner;

/** A value for every {@link Threshold}: those of a class of devices, some of them perhaps replaced. Immutable. */
public final class Thresholds {
    /** Where a class of devices departs from {@link Threshold#value()}. */
    private static final Map<DeviceClass, Map<Threshold, Long>> DEPARTURES = Map.of();

    private final Map<Threshold, Long> values;

    private Thresholds(Map<Threshold, Long> values) {
        this.values = values;
    }

    /**
     * The thresholds of a class of devices.
     *
     * @param devices the class
     * @return its thresholds
     */
    public static Thresholds of(DeviceClass devices) {
        return new Thresholds(new EnumMap<>(Threshold.class)).with(DEPARTURES.getOrDefault(devices, Map.of()));
    }

    /**
     * A threshold's value.
     *
     * @param threshold which one
     * @return its value here
     */
    public long get(Threshold threshold) {
        return values.getOrDefault(threshold, threshold.value());
    }

    /**
     * These thresholds with others in place of some.
     *
     * @param others replacements
     * @return new thresholds
     */
    public Thresholds with(Map<Threshold, Long> others) {
        Map<Threshold, Long> all = new EnumMap<>(Threshold.class);
        all.putAll(values);
        all.putAll(others);
        return new Thresholds(all);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Thresholds thresholds && values.equals(thresholds.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(", ", "[", "]");
        values.forEach((threshold, value) -> text.add(threshold + "=" + value));
        return text.toString();
    }
}
