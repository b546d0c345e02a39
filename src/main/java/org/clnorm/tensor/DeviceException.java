package org.clnorm.tensor;

/**
 * A device failed, or there is none: names the call, its status and the device, and carries a build log where there
 * is one.
 */
public final class DeviceException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The function that failed, or empty. */
    private final String call;
    /** Its status code, or 0. */
    private final int status;
    /** The name of the device, or empty. */
    private final String device;

    /**
     * A failed call.
     *
     * @param call   the function that failed, {@code clBuildProgram} say
     * @param status its status code
     * @param device the device's name, empty if none was chosen yet
     * @param detail what else is known: the code's name, a build log
     */
    public DeviceException(String call, int status, String device, String detail) {
        super(call + " failed with " + status + (detail.isEmpty() ? "" : " (" + detail + ")")
                + (device.isEmpty() ? "" : " on " + device));
        this.call = call;
        this.status = status;
        this.device = device;
    }

    /**
     * A failure that is no call's: no device, no loader, a device that failed before.
     *
     * @param message what was expected, what was found, what to do
     */
    public DeviceException(String message) {
        this(message, null);
    }

    /**
     * A failure that is no call's, with its cause.
     *
     * @param message what was expected, what was found, what to do
     * @param cause   what led to it, or null
     */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
        this.call = "";
        this.status = 0;
        this.device = "";
    }

    /**
     * The call that failed.
     *
     * @return the function's name, empty where no call failed
     */
    public String call() {
        return call;
    }

    /**
     * The status of the call.
     *
     * @return the code, 0 where no call failed
     */
    public int status() {
        return status;
    }

    /**
     * The device.
     *
     * @return its name, empty where none was chosen
     */
    public String device() {
        return device;
    }
}
