package org.clnorm;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceRequest;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * The devices that tests of meaning run on, opened once a run: the CPU engine, and each OpenCL device with the
 * {@code cpu} kernels, the {@code gpu} kernels and the plain variant. Without an OpenCL device the CPU engine is all,
 * unless {@code -Dclnorm.requireDevice=true} makes that a failure.
 */
public final class TestDevices implements ArgumentsProvider {
    private static final ExtensionContext.Namespace HERE = ExtensionContext.Namespace.create(TestDevices.class);
    private static final List<DataType> STORAGE = List.of(DataType.F32, DataType.F16, DataType.BF16);

    /** The devices of OpenCL, without those that are broken. */
    public static List<DeviceInfo> openCl() {
        List<DeviceInfo> found = Device.list().stream()
                .filter(info -> info.usable() && info.selector().startsWith("opencl")).toList();
        if (found.isEmpty() && Boolean.getBoolean("clnorm.requireDevice")) {
            fail("expected an OpenCL device, as clnorm.requireDevice says, got none: " + Device.list());
        }
        return found;
    }

    @Override
    public Stream<? extends Arguments> provideArguments(ParameterDeclarations parameters, ExtensionContext context) {
        Opened opened = context.getRoot().getStore(HERE)
                .getOrComputeIfAbsent(Opened.class, key -> Opened.open(), Opened.class);
        return context.getRequiredTestMethod().getParameterCount() == 1 ? opened.devices.stream().map(Arguments::of)
                : opened.devices.stream().flatMap(device -> STORAGE.stream().map(type -> Arguments.of(device, type)));
    }

    /** Closed by JUnit after the last test. */
    private record Opened(List<Named<Device>> devices) implements AutoCloseable {
        static Opened open() {
            List<Named<Device>> devices = new ArrayList<>();
            devices.add(Named.of("CPU engine", Device.cpu()));
            for (DeviceInfo info : openCl()) {
                DeviceRequest request = DeviceRequest.of(info.selector());
                devices.add(open(info, "cpu kernels", request.withKernels("cpu")));
                devices.add(open(info, "gpu kernels", request.withKernels("gpu")));
                devices.add(open(info, "plain variant", request.withVariant("plain")));
            }
            return new Opened(devices);
        }

        private static Named<Device> open(DeviceInfo info, String kernels, DeviceRequest request) {
            return Named.of(kernels + " on " + info.name() + ", " + info.platform(),
                    org.clnorm.engine.opencl.TestDevices.openShared(request));
        }

        @Override
        public void close() {
            devices.forEach(device -> device.getPayload().close());
            org.clnorm.engine.opencl.TestDevices.checkShared();
        }
    }
}
