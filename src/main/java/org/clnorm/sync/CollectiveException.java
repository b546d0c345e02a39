package org.clnorm.sync;

import java.util.OptionalInt;

/** Ranks did not come together: one is missing, disagrees, or failed. */
public final class CollectiveException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** −1 where it is not known. */
    private final int rank;

    /**
     * A failure of a rank.
     *
     * @param message what was expected and what was got
     * @param rank    the rank that is missing, disagrees or failed
     */
    public CollectiveException(String message, int rank) {
        super(message);
        this.rank = rank;
    }

    /**
     * A failure that cannot be put down to a rank.
     *
     * @param message what was expected and what was got
     */
    public CollectiveException(String message) {
        this(message, -1);
    }

    /**
     * The rank that is missing, disagrees or failed.
     *
     * @return the rank, where it is known
     */
    public OptionalInt rank() {
        return rank < 0 ? OptionalInt.empty() : OptionalInt.of(rank);
    }
}
