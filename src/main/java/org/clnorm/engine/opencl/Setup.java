package org.clnorm.engine.opencl;

import java.util.Map;

/**
 * What devices are opened with; tests bring their own.
 *
 * @param faults      which calls fail
 * @param ledger      counts what is made and released
 * @param environment environment variables
 */
record Setup(FaultPlan faults, Ledger ledger, Map<String, String> environment) {
    /** The process's own. */
    static Setup ofProcess() {
        return new Setup(FaultPlan.NONE, new Ledger(), System.getenv());
    }

    Cl cl() {
        return new Cl(faults, ledger);
    }
}
