package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/** Runs a test in a scope of its device and checks that no tensor outlives it. */
final class NoLeaks implements InvocationInterceptor {
    @Override
    public void interceptTestTemplateMethod(Invocation<Void> invocation, ReflectiveInvocationContext<Method> context,
            ExtensionContext extension) throws Throwable {
        Device device = (Device) context.getArguments().get(0);
        long before = device.liveTensors();
        try (Scope scope = device.scope()) {
            invocation.proceed();
        }
        assertEquals(before, device.liveTensors(), "tensors left open");
    }
}
