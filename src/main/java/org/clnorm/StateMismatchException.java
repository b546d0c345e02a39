package org.clnorm;

/**
 * A state does not fit the layers that were to load it; nothing was changed. {@link #report()} has every fault, the
 * message the first ones.
 */
public class StateMismatchException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** All that is wrong; a report is no part of the serialized form, the message is. */
    private final transient LoadReport report;

    StateMismatchException(String message, LoadReport report) {
        super(message);
        this.report = report;
    }

    /**
     * What was wrong with which key.
     *
     * @return the report; null in an exception that was serialized in between
     */
    public LoadReport report() {
        return report;
    }
}
