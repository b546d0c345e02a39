package org.clnorm.engine.opencl;

import java.util.Arrays;
import org.clnorm.tensor.DeviceException;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_event;

/**
 * The events of commands that were enqueued, until it is known how each ended. A driver need not report a failed
 * command in any other way: the commands behind it may go on, and {@code clFinish} may succeed. Makes no objects unless
 * more commands are under way than ever before. Its lock is held while a command is enqueued and noted, so that the
 * order here is that of the queue.
 */
final class Watch {
    /** How many commands are enqueued between two looks at how the older ones ended. */
    private static final int STEP = 128;

    private final Cl cl;
    private cl_event[] events = fresh(new cl_event[2 * STEP], 0);
    private String[] labels = new String[events.length];
    private int count;
    /** How many were let go before the first that is still here. */
    private long gone;
    /** At which count the next look is due. */
    private int look = STEP;
    private final int[] status = new int[1];
    private final Pointer toStatus = Pointer.to(status);

    Watch(Cl cl) {
        this.cl = cl;
    }

    private static cl_event[] fresh(cl_event[] events, int from) {
        for (int i = from; i < events.length; i++) {
            events[i] = new cl_event();
        }
        return events;
    }

    /** What the next command gives its event to; {@link #add} must follow if it was enqueued. */
    cl_event next() {
        if (count == events.length) {
            events = fresh(Arrays.copyOf(events, 2 * count), count);
            labels = Arrays.copyOf(labels, events.length);
        }
        return events[count];
    }

    void add(String label) {
        labels[count++] = label;
    }

    /** Where the commands end that were enqueued so far. */
    long end() {
        return gone + count;
    }

    boolean isLookDue() {
        return count >= look;
    }

    /** How many of the older commands may be settled without waiting, now that a look is due. */
    long done() {
        look = count + STEP;
        int half = count / 2;
        cl.executionStatus(events[half - 1], toStatus);
        return status[0] <= CL.CL_COMPLETE ? gone + half : gone;
    }

    /** Lets go of the commands before an end, which must be over; notes and throws if one of them failed. */
    void settle(long end, Health health) {
        int over = (int) Math.min(count, end - gone);
        if (over <= 0) {
            return;
        }
        DeviceException failed = null;
        try {
            cl.await(over, events);
        } catch (DeviceException found) {
            failed = described(found, over);
            health.fail(failed);
        }
        failed = letGo(over, failed);
        if (failed != null) {
            throw failed;
        }
    }

    /** Lets go of all commands however they ended, or will end. */
    void forget() {
        DeviceException failed = letGo(count, null);
        if (failed != null) {
            throw failed;
        }
    }

    /** Throws if one of the caller's events has failed: drivers take it for one that is done. */
    void checkNotFailed(cl_event[] others) {
        for (cl_event other : others) {
            cl.executionStatus(other, toStatus);
            if (status[0] < CL.CL_COMPLETE) {
                throw cl.refused(status[0]);
            }
        }
    }

    /** A failure that names the first command that failed, where one says so. */
    private DeviceException described(DeviceException found, int over) {
        try {
            for (int i = 0; i < over; i++) {
                cl.executionStatus(events[i], toStatus);
                if (status[0] < CL.CL_COMPLETE) {
                    return Cl.ended(found, labels[i], status[0]);
                }
            }
        } catch (DeviceException unknown) {
            found.addSuppressed(unknown);
        }
        return found;
    }

    /** All of them, whichever fail; gives the first failure with the others attached. */
    private DeviceException letGo(int over, DeviceException before) {
        DeviceException first = before;
        for (int i = 0; i < over; i++) {
            try {
                cl.release(events[i]);
            } catch (DeviceException failed) {
                if (first == null) {
                    first = failed;
                } else {
                    first.addSuppressed(failed);
                }
            }
        }
        for (int i = over; i < count; i++) { // the objects of those that went are used again
            cl_event free = events[i - over];
            events[i - over] = events[i];
            events[i] = free;
            labels[i - over] = labels[i];
        }
        count -= over;
        gone += over;
        look = STEP + count;
        return first;
    }
}
