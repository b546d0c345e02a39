package org.clnorm;

/**
 * A state does not fit the layers that were to load it; nothing was changed. {@link #report()} has every fault, the
 * message the first ones.
 */
public class StateMismatchException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** All that is wrong. */
    private final LoadReport report;

    StateMismatchException(String message, LoadReport report) {
        super(message);
        this.report = report;
    }

    /**
     * What was wrong with which key.
     *
     * @return the report
     */
    public LoadReport report() {
        return report;
    }
}
