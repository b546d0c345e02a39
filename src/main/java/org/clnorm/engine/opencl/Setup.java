package org.clnorm.engine.opencl;

import java.util.Map;

/**
 * What devices are opened with; tests bring their own.
 *
 * @param faults      which calls fail
 * @param environment environment variables
 */
record Setup(FaultPlan faults, Map<String, String> environment) {
    /** The process's own. */
    static Setup ofProcess() {
        return new Setup(FaultPlan.NONE, System.getenv());
    }
}
