package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class StateDictTest {
    private final StateDict state = new StateDict()
            .put("weight", HostTensor.ofFloats(new float[] {1, 2}, 2))
            .put("bias", HostTensor.ofDoubles(new double[] {3, 4}, 2))
            .put("num_batches_tracked", HostTensor.ofLongs(new long[] {5}))
            .putMetadata("format", "pt");

    @Test
    void keepsTheOrderOfPutting() {
        state.put("weight", HostTensor.ofFloats(new float[] {9}, 1));
        assertEquals(List.of("weight", "bias", "num_batches_tracked"), List.copyOf(state.tensors().keySet()));
        assertEquals("StateDict{weight=F32[1], bias=F64[2], num_batches_tracked=I64[]} metadata {format=pt}",
                state.toString());
    }

    @Test
    void givesElementsByName() {
        assertArrayEquals(new float[] {1, 2}, state.floats("weight"));
        assertArrayEquals(new double[] {1, 2}, state.doubles("weight"));
        assertArrayEquals(new double[] {3, 4}, state.doubles("bias"));
        assertArrayEquals(new long[] {5}, state.longs("num_batches_tracked"));
        assertTrue(state.contains("bias"));
        assertFalse(state.contains("running_mean"));
    }

    @Test
    void errorsNameTheTensor() {
        assertEquals("bias: expected elements of F32, F16 or BF16, got F64",
                assertThrows(IllegalArgumentException.class, () -> state.floats("bias")).getMessage());
        assertEquals("expected one of the tensors [weight, bias, num_batches_tracked], got running_mean",
                assertThrows(IllegalArgumentException.class, () -> state.get("running_mean")).getMessage());
    }

    @Test
    void refusesWhatAFileCannotHold() {
        StateDict before = new StateDict();
        state.tensors().forEach(before::put);
        state.metadata().forEach(before::putMetadata);
        HostTensor tensor = state.get("bias");
        assertThrows(IllegalArgumentException.class, () -> state.put("__metadata__", tensor));
        assertThrows(IllegalArgumentException.class, () -> state.put("a\ud800", tensor));
        assertThrows(IllegalArgumentException.class, () -> state.putMetadata("\udc00", "v"));
        assertThrows(IllegalArgumentException.class, () -> state.putMetadata("k", "\udc00\ud800"));
        assertThrows(NullPointerException.class, () -> state.put(null, tensor));
        assertThrows(NullPointerException.class, () -> state.put("a", null));
        assertThrows(NullPointerException.class, () -> state.putMetadata("a", null));
        assertThrows(UnsupportedOperationException.class, () -> state.tensors().clear());
        assertThrows(UnsupportedOperationException.class, () -> state.metadata().clear());
        assertEquals(before, state);
    }

    @Test
    void equalityIsOfContentInAnyOrder() {
        StateDict a = new StateDict().put("x", state.get("weight")).put("y", state.get("bias"));
        StateDict b = new StateDict().put("y", state.get("bias")).put("x", state.get("weight"));
        assertEquals(a, b);
        assertEquals(a.hashCode(), b.hashCode());
        assertNotEquals(a, b.putMetadata("k", "v"));
        assertNotEquals(a, new StateDict().put("x", state.get("weight")));
    }
}
