package org.clnorm.example.train;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.clnorm.BatchNorm2d;
import org.clnorm.GroupNorm;
import org.clnorm.InstanceNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.Layout;
import org.clnorm.NormLayer;

/** What stands between a convolution and its ReLU. */
public enum Normalization {
    /** {@link BatchNorm2d}. */
    BATCH_NORM,
    /** {@link LayerNorm} over height, width and channels of a sample, as PyTorch's over [C, H, W]. */
    LAYER_NORM,
    /** {@link InstanceNorm2d} with weight and bias. */
    INSTANCE_NORM,
    /** {@link GroupNorm} of {@link #GROUPS} groups. */
    GROUP_NORM,
    /** None: the convolution has a bias instead. */
    NONE;

    /** The groups of group normalization, whatever the number of channels. */
    public static final int GROUPS = 4;

    /**
     * The name that options and files know it by.
     *
     * @return such as {@code batch_norm}
     */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The normalization of a name.
     *
     * @param label such as {@code batch_norm}
     * @return the normalization
     * @throws IllegalArgumentException if there is none of that name
     */
    public static Normalization of(String label) {
        List<String> labels = Arrays.stream(values()).map(Normalization::label).toList();
        int index = labels.indexOf(label);
        if (index < 0) {
            throw new IllegalArgumentException("expected a normalization of " + String.join(", ", labels) + ", got '"
                    + label + "'");
        }
        return values()[index];
    }

    /** A layer for inputs of [N, height, width, channels]. */
    Optional<NormLayer> layer(int height, int width, int channels) {
        return Optional.ofNullable(switch (this) {
            case BATCH_NORM -> BatchNorm2d.builder(channels).layout(Layout.CHANNELS_LAST).build();
            case LAYER_NORM -> new LayerNorm(height, width, channels);
            case INSTANCE_NORM -> InstanceNorm2d.builder(channels).affine(true).layout(Layout.CHANNELS_LAST).build();
            case GROUP_NORM -> GroupNorm.builder(GROUPS, channels).layout(Layout.CHANNELS_LAST).build();
            case NONE -> null;
        });
    }
}
