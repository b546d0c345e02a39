package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.clnorm.engine.opencl.TestDevices;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * After every test of the suite, as many OpenCL objects have been released as were made: contexts, queues, buffers,
 * programs, kernels and events. Those of the devices that tests share are left out, and counted when these are closed.
 */
public final class NothingLeft implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace HERE = ExtensionContext.Namespace.create(NothingLeft.class);

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(HERE).put("live", TestDevices.liveObjects());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        assertEquals(context.getStore(HERE).get("live"), TestDevices.liveObjects(), "OpenCL objects left");
    }
}
