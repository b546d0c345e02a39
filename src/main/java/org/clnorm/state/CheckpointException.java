package org.clnorm.state;

import java.util.Objects;

/** A file of saved state could not be read or written. The message names the file and what is wrong with it. */
public class CheckpointException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The file, as it was named. */
    private final String file;
    /** What is wrong with it. */
    private final String fault;

    /**
     * Makes an exception with the message "file: fault".
     *
     * @param file the file, as the caller named it
     * @param fault what is wrong, in one line
     */
    public CheckpointException(String file, String fault) {
        this(file, fault, null);
    }

    /**
     * Makes an exception with the message "file: fault" and what caused it.
     *
     * @param file the file, as the caller named it
     * @param fault what is wrong, in one line
     * @param cause what was thrown underneath, or null
     */
    public CheckpointException(String file, String fault, Throwable cause) {
        super(Objects.requireNonNull(file, "file") + ": " + Objects.requireNonNull(fault, "fault"), cause);
        this.file = file;
        this.fault = fault;
    }

    /**
     * The file that could not be read or written.
     *
     * @return the file, as the caller named it
     */
    public String file() {
        return file;
    }

    /**
     * What is wrong.
     *
     * @return the fault, without the file's name
     */
    public String fault() {
        return fault;
    }
}
