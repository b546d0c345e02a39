package org.clnorm.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the provider that answers a selector. */
final class Devices {
    private static final Logger LOG = LoggerFactory.getLogger(Devices.class);

    private Devices() {
    }

    static Device open() {
        try {
            return open(DeviceRequest.of("opencl"));
        } catch (DeviceException none) {
            LOG.warn("no OpenCL device, the CPU engine takes over: {}", none.getMessage());
            return open(DeviceRequest.of("cpu"));
        }
    }

    static Device open(DeviceRequest request) {
        String kind = request.selector().split(":", 2)[0];
        List<String> kinds = new ArrayList<>();
        for (DeviceProvider provider : providers()) {
            if (provider.kind().equals(kind)) {
                return provider.open(request);
            }
            kinds.add(provider.kind());
        }
        throw new IllegalArgumentException(
                "expected a device that begins with one of " + kinds + ", got '" + request.selector() + "'");
    }

    static List<DeviceInfo> list() {
        List<DeviceInfo> found = new ArrayList<>();
        for (DeviceProvider provider : providers()) {
            found.addAll(provider.list());
        }
        return List.copyOf(found);
    }

    private static ServiceLoader<DeviceProvider> providers() {
        return ServiceLoader.load(DeviceProvider.class, Devices.class.getClassLoader());
    }
}
