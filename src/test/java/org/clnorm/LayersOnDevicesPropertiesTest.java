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

/** {@link LayerFacts} of both kernel sets on every OpenCL device. Shapes are few, because kernels are built for them. */
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
        return Combinators.combine(Arbitraries.of(Drawn.Kind.class), Arbitraries.of(true, false), Arbitraries.longs())
                .as((kind, odd, seed) -> odd ? new Drawn(kind, 3, 4, 5, 7, 2, true, seed)
                        : new Drawn(kind, 2, 6, 4, 8, 3, true, seed));
    }
}
