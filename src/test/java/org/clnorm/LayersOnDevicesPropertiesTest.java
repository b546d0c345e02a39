package org.clnorm;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceRequest;

/**
 * {@link LayerFacts} of both kernel sets on every OpenCL device. One shape, another where more than the usual number of
 * tries is asked for: kernels are built for a shape, which takes longer than to try them.
 */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
@AddLifecycleHook(OnADevice.class)
class LayersOnDevicesPropertiesTest extends LayerFacts {
    private static final double CONTRACT = 6e-7;
    private static final List<Device> DEVICES = new ArrayList<>();

    @BeforeContainer
    static void open() {
        for (DeviceInfo info : TestDevices.openCl()) {
            DEVICES.add(Device.open(DeviceRequest.of(info.selector()).withKernels("cpu")));
            DEVICES.add(Device.open(DeviceRequest.of(info.selector()).withKernels("gpu")));
        }
    }

    @AfterContainer
    static void close() {
        DEVICES.forEach(Device::close);
        DEVICES.clear();
    }

    @Override
    List<Device> devices() {
        return DEVICES;
    }

    @Override
    double error() {
        return CONTRACT;
    }

    @Override
    Arbitrary<Drawn> layers() {
        int shapes = OnADevice.hasManyTries() ? 2 : 1;
        return Combinators.combine(Arbitraries.of(Drawn.Kind.class), Arbitraries.integers().between(1, shapes),
                Arbitraries.longs()).as((kind, shape, seed) -> shape == 1 ? new Drawn(kind, 3, 4, 5, 7, 2, true, seed)
                        : new Drawn(kind, 2, 6, 4, 8, 3, true, seed));
    }
}
