package org.clnorm.engine.opencl;

/** Lets tests make OpenCL calls fail. */
@FunctionalInterface
interface FaultPlan {
    /** Nothing is made to fail. */
    FaultPlan NONE = (call, index) -> 0;

    /**
     * The status that a call shall fail with. The call is then not made, except for a release, which is made and
     * reported as failed, so that nothing is left behind.
     *
     * @param call  the function's name
     * @param index counts the calls of one device's life from 0, discovery included
     * @return a negative status, or 0 to let the call happen
     */
    int status(String call, long index);
}
