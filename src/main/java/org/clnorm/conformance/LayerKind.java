package org.clnorm.conformance;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The kinds of layers that cases and workloads are about, under the names that PyTorch gives the functions. */
public enum LayerKind {
    /** BatchNorm1d, BatchNorm2d and BatchNorm3d. */
    BATCH_NORM,
    /** InstanceNorm1d, InstanceNorm2d and InstanceNorm3d. */
    INSTANCE_NORM,
    /** GroupNorm. */
    GROUP_NORM,
    /** LayerNorm. */
    LAYER_NORM,
    /** RMSNorm. */
    RMS_NORM;

    /**
     * The name in case files, workload lines and reports.
     *
     * @return {@code batch_norm} and so on
     */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether layers of the kind may keep running statistics. */
    boolean mayTrack() {
        return this == BATCH_NORM || this == INSTANCE_NORM;
    }

    /** Whether layers of the kind normalize over the last dimensions, and have a parameter for each element of them. */
    boolean overLast() {
        return this == LAYER_NORM || this == RMS_NORM;
    }

    /**
     * The kind of a name.
     *
     * @param label the name
     * @return the kind
     * @throws IllegalArgumentException if nothing has this name
     */
    static LayerKind of(String label) {
        for (LayerKind kind : values()) {
            if (kind.label().equals(label)) {
                return kind;
            }
        }
        String expected = Arrays.stream(values()).map(LayerKind::label).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("expected a layer of " + expected + ", got '" + label + "'");
    }
}
