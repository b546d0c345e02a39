package org.clnorm;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.clnorm.tensor.Device;

/** {@link LayerFacts} of the Java engine, on inputs of any small shape. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class LayersPropertiesTest extends LayerFacts {
    /** One rounding to float, and a little for the sums in double. */
    private static final double ROUNDING = 6e-8;
    private static Device device;

    @BeforeContainer
    static void open() {
        device = Device.cpu();
    }

    @AfterContainer
    static void close() {
        device.close();
    }

    @Override
    List<Device> devices() {
        return List.of(device);
    }

    @Override
    double error() {
        return ROUNDING;
    }

    @Override
    Arbitrary<Drawn> layers() {
        Arbitrary<Integer> few = Arbitraries.integers().between(1, 5);
        Arbitrary<Integer> some = Arbitraries.integers().between(1, 9);
        return Combinators.combine(Arbitraries.of(Drawn.Kind.class), few, few, some, some, few,
                Arbitraries.of(true, false), Arbitraries.longs()).as((kind, n, c, h, w, g, affine, seed) ->
                    new Drawn(kind, n, c, h, w, c % g == 0 ? g : 1, affine, seed)).filter(Drawn::isAllowed);
    }
}
