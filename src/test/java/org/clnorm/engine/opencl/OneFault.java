package org.clnorm.engine.opencl;

import org.jocl.CL;

/** Fails the k-th call from when it was armed, or all from it on, and remembers which it was. */
final class OneFault implements FaultPlan {
    static final int[] CODES = {-1, -2, -4, -5, -6, -11, -14, -36, -54, -61, -1001};

    private boolean armed;
    private boolean forGood;
    private int left;
    private int code;
    private String hit = "";

    void arm(int k, int status, boolean onAndOn) {
        left = k;
        code = status;
        forGood = onAndOn;
        hit = "";
        armed = true;
    }

    /** Lets all calls happen again. */
    void disarm() {
        armed = false;
    }

    /** The first call that failed, empty if there were not so many. */
    String hit() {
        return hit;
    }

    /** What it failed with. */
    int code() {
        return code;
    }

    @Override
    public int status(String call, long index) {
        if (!armed || --left >= 0) {
            return CL.CL_SUCCESS;
        }
        if (hit.isEmpty()) {
            hit = call;
            return code;
        }
        return forGood ? code : CL.CL_SUCCESS;
    }
}
