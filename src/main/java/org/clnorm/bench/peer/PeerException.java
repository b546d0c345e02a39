package org.clnorm.bench.peer;

/** Another library cannot be run, or not be compared with. The message says what to do about it. */
public class PeerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes an exception.
     *
     * @param message what is wrong, in one line
     */
    public PeerException(String message) {
        super(message);
    }

    /**
     * Makes an exception with what caused it.
     *
     * @param message what is wrong, in one line
     * @param cause   what was thrown underneath
     */
    public PeerException(String message, Throwable cause) {
        super(message, cause);
    }
}
