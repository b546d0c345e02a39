package org.clnorm.tensor;

import java.util.List;

/** Finds and opens devices of one kind; engines announce theirs through {@link java.util.ServiceLoader}. */
public interface DeviceProvider {
    /**
     * The first word of the selectors it answers.
     *
     * @return {@code cpu} or {@code opencl}
     */
    String kind();

    /**
     * What there is. Never throws because a device or driver is missing or broken: that is said in a note.
     *
     * @return every device and every platform that shows none, in order of preference
     */
    List<DeviceInfo> list();

    /**
     * Opens a device.
     *
     * @param request a request whose selector begins with {@link #kind()}
     * @return the open device
     * @throws IllegalArgumentException if the selector, kernel set or variant is malformed or unknown
     * @throws DeviceException          if there is no such device or it does not start
     */
    Device open(DeviceRequest request);
}
