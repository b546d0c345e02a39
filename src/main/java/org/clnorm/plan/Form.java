package org.clnorm.plan;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * What is done besides normalizing and the affine: {@code y = act(x̂ · w + b + r)}.
 *
 * @param centered   whether the mean is subtracted; not in root mean square normalization
 * @param weightPlus1 whether the weight is stored as its difference from 1
 * @param activation what is applied last
 * @param join       where a residual is added
 */
public record Form(boolean centered, boolean weightPlus1, Activation activation, Join join) {
    /** Normalization and affine, nothing else. */
    public static final Form PLAIN = new Form(true, false, Activation.NONE, Join.NONE);

    /**
     * Checks that all is there.
     *
     * @param centered    whether the mean is subtracted
     * @param weightPlus1 whether the weight is stored as its difference from 1
     * @param activation  what is applied last
     * @param join        where a residual is added
     */
    public Form {
        Objects.requireNonNull(activation, "activation");
        Objects.requireNonNull(join, "join");
    }

    /**
     * The same with a residual elsewhere.
     *
     * @param other where
     * @return the form
     */
    public Form join(Join other) {
        return other == join ? this : new Form(centered, weightPlus1, activation, other);
    }

    /**
     * The same with another activation.
     *
     * @param other what is applied last
     * @return the form
     */
    public Form activation(Activation other) {
        return new Form(centered, weightPlus1, other, join);
    }

    /**
     * Whether there is nothing besides normalization and affine.
     *
     * @return true for {@link #PLAIN}
     */
    public boolean isPlain() {
        return equals(PLAIN);
    }

    /**
     * Whether something is applied last.
     *
     * @return false where the activation is none
     */
    public boolean activates() {
        return activation.kind() != Activation.Kind.NONE;
    }

    /** Tells kernels, see {@code common/form.cl}; what is not told has the plain form's value. */
    Map<String, Integer> options() {
        Map<String, Integer> options = new HashMap<>();
        if (!centered) {
            options.put("CENTERED", 0);
        }
        if (weightPlus1) {
            options.put("WEIGHT_PLUS_1", 1);
        }
        if (activates()) {
            options.put("ACTIVATION", activation.kind().ordinal());
            if (activation.slope() != 0) {
                options.put("SLOPE_BITS", Float.floatToRawIntBits((float) activation.slope()));
                long bits = Double.doubleToRawLongBits(activation.slope());
                options.put("SLOPE_LOW", (int) bits);
                options.put("SLOPE_HIGH", (int) (bits >> Integer.SIZE));
            }
        }
        if (join != Join.NONE) {
            options.put("JOIN", join.ordinal());
        }
        return options;
    }

    /** Words for the key of a task; none where the form is plain. */
    void addTo(StringJoiner key) {
        if (!centered) {
            key.add("uncentered");
        }
        if (weightPlus1) {
            key.add("weight+1");
        }
        if (activates()) {
            key.add(activation.toString());
        }
        if (join != Join.NONE) {
            key.add(join == Join.BEFORE ? "add-before" : "add-after");
        }
    }
}
