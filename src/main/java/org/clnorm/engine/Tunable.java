package org.clnorm.engine;

import org.clnorm.plan.Traits;
import org.clnorm.plan.Tuning;

/**
 * A device whose plans can be changed while it is open, to measure one against another.
 * {@code device.service(Tunable.class)}.
 */
public interface Tunable {
    /**
     * What plans are made from.
     *
     * @return the device's properties
     */
    Traits traits();

    /**
     * Plans by other choices from now on. Plans made by a tuning are kept until the device is closed, in case the same
     * object comes back. Not for use while another thread uses the device.
     *
     * @param tuning the choices, {@link Tuning#NONE} for none
     */
    void tune(Tuning tuning);
}
