package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.function.Executable;

/** All that an error must leave alone. */
record Snapshot(StateDict state, Map<String, List<Double>> gradients, boolean training) {
    static Snapshot of(NormLayer layer) {
        Map<String, List<Double>> gradients = new TreeMap<>();
        layer.parameters().forEach((name, parameter) -> {
            if (parameter.hasGrad()) {
                gradients.put(name, Arrays.stream(parameter.grad().readDoubles()).boxed().toList());
            }
        });
        return new Snapshot(layer.stateDict(), gradients, layer.isTraining());
    }

    /** As {@link #assertRefused(NormLayer, Class, String, Executable)} with an {@link IllegalArgumentException}. */
    static void assertRefused(NormLayer layer, String message, Executable call) {
        assertRefused(layer, IllegalArgumentException.class, message, call);
    }

    /** The call throws, says so, and leaves the layer's state and the number of open tensors as they were. */
    static void assertRefused(NormLayer layer, Class<? extends RuntimeException> error, String message,
            Executable call) {
        Snapshot before = of(layer);
        long live = layer.device().liveTensors();
        RuntimeException thrown = assertThrows(error, call);
        assertTrue(thrown.getMessage().contains(message), () -> "expected '" + message + "' in " + thrown.getMessage());
        assertEquals(before, of(layer), "state after " + thrown.getMessage());
        assertEquals(live, layer.device().liveTensors(), "open tensors after " + thrown.getMessage());
    }

    /**
     * As {@link #assertRefused(NormLayer, String, Executable)}, with state that is worth keeping: gradients, moved
     * statistics, and a forward pass whose backward pass still works afterwards, and is the only one.
     */
    static void assertRefusedInTraining(NormLayer layer, Tensor good, String message, Executable call) {
        boolean training = layer.isTraining();
        layer.train();
        layer.forward(good);
        layer.backward(Values.normal(layer.device(), good.type(), 5, good.shape().dims()));
        Tensor dy = Values.normal(layer.device(), good.type(), 6, good.shape().dims());
        try (Tensor y = layer.forward(good)) {
            layer.train(training);
            assertRefused(layer, message, call);
            layer.train();
            float[] dx = layer.backward(dy).read();
            assertThrows(IllegalStateException.class, () -> layer.backward(dy));
            layer.forward(good);
            assertArrayEquals(layer.backward(dy).read(), dx, "dx of the pass that was pending");
        }
        layer.train(training);
    }
}
