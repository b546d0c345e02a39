package org.clnorm;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * A test that takes a device: it runs on the CPU engine and on every OpenCL device with both kernel sets and the plain
 * variant, inside a scope, and must close all else that it makes. One that takes a {@code DataType} as well runs with
 * each type that x, y, dy and dx may have on all of them.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{argumentsWithNames}", autoCloseArguments = false)
@ArgumentsSource(TestDevices.class)
@ExtendWith(NoLeaks.class)
public @interface OnEveryDevice {
}
