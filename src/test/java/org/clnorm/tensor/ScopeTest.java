package org.clnorm.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScopeTest {
    private final Device device = Device.cpu();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(0, device.liveTensors());
        device.close();
    }

    @Test
    void closesWhatWasMadeInside() {
        Tensor before = device.zeros(1);
        Tensor inside;
        try (Scope scope = device.scope()) {
            inside = device.zeros(2);
            assertFalse(inside.isClosed());
            device.zeros(3).close();
        }
        assertTrue(inside.isClosed());
        assertFalse(before.isClosed());
        Tensor after = device.zeros(1);
        assertFalse(after.isClosed());
        before.close();
        after.close();
    }

    @Test
    void scopesNest() {
        try (Scope outer = device.scope()) {
            Tensor first = device.zeros(1);
            Tensor second;
            try (Scope inner = device.scope()) {
                second = device.zeros(1);
            }
            Tensor third = device.zeros(1);
            assertTrue(second.isClosed());
            assertFalse(first.isClosed());
            assertFalse(third.isClosed());
        }
    }

    @Test
    void closingTheOuterClosesTheInner() {
        Scope outer = device.scope();
        Scope inner = device.scope();
        Tensor tensor = device.zeros(1);
        outer.close();
        assertTrue(tensor.isClosed());
        inner.close();
        outer.close();
        Tensor free = device.zeros(1);
        assertFalse(free.isClosed());
        free.close();
    }

    @Test
    void keptTensorsGoToTheScopeAround() {
        Tensor kept;
        try (Scope outer = device.scope()) {
            Tensor passedOn;
            try (Scope inner = device.scope()) {
                passedOn = device.zeros(1);
                assertSame(passedOn, inner.keep(passedOn));
                assertThrows(IllegalArgumentException.class, () -> inner.keep(passedOn));
                assertThrows(IllegalArgumentException.class, () -> inner.keep(null));
            }
            assertFalse(passedOn.isClosed());
            kept = outer.keep(device.tensor(new float[] {1, 2}, 2));
        }
        assertArrayEquals(new float[] {1, 2}, kept.read());
        assertEquals(1, device.liveTensors());
        kept.close();
    }

    @Test
    void unscopedTensorsStayOpen() {
        Tensor tensor;
        try (Scope scope = device.scope()) {
            tensor = device.unscoped(DataType.F32, Shape.of(2));
            assertThrows(IllegalArgumentException.class, () -> scope.keep(tensor));
        }
        assertFalse(tensor.isClosed());
        tensor.close();
    }

    @Test
    void aScopeIsItsThreadsOwn() {
        try (Scope scope = device.scope()) {
            Tensor elsewhere = CompletableFuture.supplyAsync(() -> device.zeros(1)).join();
            Throwable cause = assertThrows(CompletionException.class,
                    () -> CompletableFuture.runAsync(scope::close).join()).getCause();
            assertEquals(IllegalStateException.class, cause.getClass());
            Tensor here = device.zeros(1);
            scope.close();
            assertTrue(here.isClosed());
            assertFalse(elsewhere.isClosed());
            elsewhere.close();
        }
    }

    @Test
    void scopesOfTwoDevicesAreApart() {
        try (Device other = Device.cpu(); Scope scope = device.scope()) {
            Tensor there = other.zeros(1);
            scope.close();
            assertFalse(there.isClosed());
            there.close();
        }
    }

    @Test
    void aLongScopeForgetsWhatWasClosed() {
        try (Scope scope = device.scope()) {
            Tensor first = device.zeros(1);
            for (int i = 0; i < 1000; i++) {
                device.zeros(1).close();
            }
            Tensor last = device.zeros(1);
            scope.close();
            assertTrue(first.isClosed());
            assertTrue(last.isClosed());
        }
    }
}
