package org.clnorm;

import org.clnorm.engine.Renorm;
import org.clnorm.engine.RunningStatistics;

/** How far batch renormalization may correct a batch. */
record RenormLimits(double rMax, double dMax) {
    RenormLimits {
        if (!(rMax >= 1)) {
            throw new IllegalArgumentException("expected an rMax of 1 or more, got " + rMax);
        }
        if (!(dMax >= 0)) {
            throw new IllegalArgumentException("expected a dMax of 0 or more, got " + dMax);
        }
    }

    /** What the engines are told; null where nothing may be corrected. */
    Renorm towards(RunningStatistics running) {
        return rMax == 1 && dMax == 0 ? null : new Renorm(running, rMax, dMax);
    }

    /** As Python prints it. */
    @Override
    public String toString() {
        return "(" + Python.repr(rMax) + ", " + Python.repr(dMax) + ")";
    }
}
