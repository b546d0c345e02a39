package org.clnorm.engine.opencl;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PoCL's start puts a signal handler of its own in place of Java's, after which an integer division by zero gives 1 in
 * the whole program instead of an ArithmeticException. Asking platforms for names is harmless, asking PoCL for devices
 * is not, unless the environment turned the handler off.
 */
final class PoclGuard {
    static final String CURE = "start Java with POCL_SIGFPE_HANDLER=0 and LD_PRELOAD=$JAVA_HOME/lib/libjsig.so";

    private static final Logger LOG = LoggerFactory.getLogger(PoclGuard.class);
    private static final String PLATFORM = "portable computing language";
    private static final AtomicBoolean WARNED = new AtomicBoolean();
    /** Not a constant, so that the division is made when the program runs. */
    private static volatile int zero;

    private final boolean handlersKept;

    PoclGuard(Map<String, String> environment) {
        this.handlersKept = "0".equals(environment.get("POCL_SIGFPE_HANDLER"))
                || environment.getOrDefault("LD_PRELOAD", "").contains("libjsig");
    }

    boolean mayHarm(String platformName) {
        return !handlersKept && isPocl(platformName);
    }

    static boolean isPocl(String platformName) {
        return platformName.toLowerCase(Locale.ROOT).equals(PLATFORM);
    }

    /** Looks for the harm after PoCL was started, and says what helps, once. */
    static void warnIfHarmed() {
        if (divisionByZeroIsLost() && WARNED.compareAndSet(false, true)) {
            LOG.warn("PoCL broke Java's integer division: 1/0 now gives a number in this process; {}",
                    CURE);
        }
    }

    static boolean divisionByZeroIsLost() {
        try {
            LOG.trace("1/0 = {}", 1 / zero);
            return true;
        } catch (ArithmeticException asItShould) {
            return false;
        }
    }
}
