package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/** Properties that need an OpenCL device: a tenth of the tries, skipped where there is none, nothing left behind. */
final class OnADevice implements SkipExecutionHook, AroundPropertyHook {
    private static final int USUAL = 1000;
    private static final int ASKED_FOR = Integer.getInteger("jqwik.tries.default", USUAL);
    private static final int TRIES = Math.max(1, ASKED_FOR / 10);

    /** Whether this is more than what runs on every change. */
    static boolean hasManyTries() {
        return ASKED_FOR > USUAL;
    }

    @Override
    public SkipResult shouldBeSkipped(LifecycleContext context) {
        boolean required = Boolean.getBoolean("clnorm.requireDevice"); // then opening them says what is missing
        return required || !TestDevices.openCl().isEmpty() ? SkipResult.doNotSkip()
                : SkipResult.skip("no OpenCL device");
    }

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property) {
        context.attributes().setTries(TRIES);
        long before = org.clnorm.engine.opencl.TestDevices.liveObjects();
        PropertyExecutionResult result = property.execute();
        assertEquals(before, org.clnorm.engine.opencl.TestDevices.liveObjects(), "OpenCL objects left");
        return result;
    }
}
