package org.clnorm.example.train;

/** What a rank threw. */
final class RankException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int rank;

    RankException(int rank, Exception cause) {
        super(reason(cause), cause);
        this.rank = rank;
    }

    Exception cause() {
        return (Exception) getCause();
    }

    int rank() {
        return rank;
    }

    /** What an exception has to say, in one line. */
    static String reason(Throwable failed) {
        String message = failed.getMessage() == null ? failed.getClass().getSimpleName() : failed.getMessage();
        return message.strip().replaceAll("\\s*\\R(?s:.*)", "");
    }
}
