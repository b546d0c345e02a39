package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Activations in double against values computed to 60 digits by the definitions; PyTorch 2.13.0 in float64 agrees with
 * them to 7e-16.
 */
class ActivationTest {
    private static final double STEP = 1e-5;

    /** A few units in the last place, and what the rounding of an exponent of v² costs far out. */
    private static double tolerance(double v) {
        return 2e-15 * (4 + v * v);
    }

    @ParameterizedTest
    @CsvSource({
        "none, -2.5, -2.5, 1",
        "relu, -2.5, 0, 0",
        "relu, 0, 0, 0",
        "relu, 2.5, 2.5, 1",
        "leaky_relu:0.25, -2.5, -0.625, 0.25",
        "leaky_relu:0.25, 0, 0, 0.25",
        "leaky_relu:0.25, 2.5, 2.5, 1",
        "leaky_relu:-2.0, -2.5, 5, -2",
        "silu, -30, -2.8072868906517896e-12, -2.713710660963134e-12",
        "silu, -8.5, -0.0017291293134692554, -0.0015253505838631431",
        "silu, -3, -0.14227761953270035, -0.08810410601516962",
        "silu, -1.0625, -0.27288399084923876, 0.05403333932586354",
        "silu, -1e-08, -4.9999999750000005e-09, 0.499999995",
        "silu, 0, 0.0, 0.5",
        "silu, 0.125, 0.06640117167171954, 0.5623376202504584",
        "silu, 2.5, 2.310354549946891, 1.0994011113415267",
        "silu, 9, 8.998889448816124, 1.0009870195718975",
        "silu, 40, 40.0, 1.0000000000000002",
        "gelu, -30, -1.472014178144456e-196, -4.416031690708495e-195",
        "gelu, -8.5, -8.05760459887282e-17, -6.846504938697085e-16",
        "gelu, -3, -0.0040496940948902835, -0.011945647204183927",
        "gelu, -1.0625, -0.15300465268959412, -0.09704173090239249",
        "gelu, -0.75, -0.16997051428265114, 0.0007742782607648957",
        "gelu, -1e-08, -4.999999960105772e-09, 0.4999999920211544",
        "gelu, 0, 0.0, 0.5",
        "gelu, 0.125, 0.06871727810376412, 0.5992179356982066",
        "gelu, 1.0625, 0.9094953473104058, 1.0970417309023925",
        "gelu, 2.5, 2.4844758366855597, 1.037611085908145",
        "gelu, 40, 40.0, 1.0",
        "gelu_tanh, -30, 0, 0",
        "gelu_tanh, -8.5, -1.0174447308598297e-24, -1.7239866867738058e-23",
        "gelu_tanh, -3, -0.003637392081773019, -0.011584166630969726",
        "gelu_tanh, -1.0625, -0.15317884911818083, -0.09670984138792317",
        "gelu_tanh, -0.75, -0.1700394448343797, 0.0010617438625857023",
        "gelu_tanh, -1e-08, -4.999999960105772e-09, 0.4999999920211544",
        "gelu_tanh, 0, 0.0, 0.5",
        "gelu_tanh, 0.125, 0.06871719862422339, 0.5992154061627915",
        "gelu_tanh, 2.5, 2.484915733910001, 1.037951576212666",
        "gelu_tanh, 40, 40.0, 1.0"})
    void valuesAndDerivatives(String name, double v, double value, double derivative) {
        Activation activation = Activation.parse(name);
        assertEquals(value, activation.value(v), tolerance(v) * Math.abs(value), "value");
        // a sum of two that may cancel, each about value / v
        assertEquals(derivative, activation.derivative(v),
                tolerance(v) * (Math.abs(derivative) + Math.abs(v == 0 ? 0.5 : value / v)), "derivative");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "relu", "leaky_relu:0.25", "silu", "gelu", "gelu_tanh"})
    void derivativesAreTheSlopes(String name) {
        Activation activation = Activation.parse(name);
        for (double v = -7.03125; v < 8; v += 0.0625) { // not 0, where some have a corner
            double slope = (activation.value(v + STEP) - activation.value(v - STEP)) / (2 * STEP);
            assertEquals(slope, activation.derivative(v), 1e-9, name + " at " + v);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "relu", "leaky_relu:0.25", "silu", "gelu", "gelu_tanh"})
    void whatIsNoNumberStaysNone(String name) {
        assertTrue(Double.isNaN(Activation.parse(name).value(Double.NaN)));
        assertEquals(Double.POSITIVE_INFINITY, Activation.parse(name).value(Double.POSITIVE_INFINITY));
    }

    @Test
    void namesAreReadAsTheyAreWritten() {
        List<Activation> all = List.of(Activation.NONE, Activation.RELU, Activation.leakyRelu(0.01), Activation.SILU,
                Activation.GELU, Activation.GELU_TANH);
        for (Activation activation : all) {
            assertEquals(activation, Activation.parse(activation.toString()));
        }
        assertEquals(List.of(false, true, true, false, false, false),
                all.stream().map(Activation::hasCorner).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "tanh", "RELU", "relu:1", "leaky_relu", "leaky_relu:", "leaky_relu:x",
        "leaky_relu:NaN"})
    void otherNamesAreRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> Activation.parse(name));
    }
}
