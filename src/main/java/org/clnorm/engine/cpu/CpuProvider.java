package org.clnorm.engine.cpu;

import java.util.List;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceProvider;
import org.clnorm.tensor.DeviceRequest;

/** Opens the Java engine. */
public final class CpuProvider implements DeviceProvider {
    /** For the service loader. */
    public CpuProvider() {
    }

    @Override
    public String kind() {
        return "cpu";
    }

    @Override
    public List<DeviceInfo> list() {
        return List.of(info());
    }

    static DeviceInfo info() {
        Runtime runtime = Runtime.getRuntime();
        return new DeviceInfo("cpu", "Java " + Runtime.version(), "CPU engine", "java", "",
                runtime.availableProcessors(), runtime.maxMemory(), true, false,
                "the reference; runs everywhere, used where there is no OpenCL device");
    }

    @Override
    public Device open(DeviceRequest request) {
        if (!request.selector().equals("cpu")) {
            throw new IllegalArgumentException("expected the selector 'cpu', got '" + request.selector() + "'");
        }
        boolean bitwise = request.variant().equals(DeviceRequest.BITWISE);
        if (!request.kernels().equals("auto") || !request.variant().isEmpty() && !bitwise) {
            throw new IllegalArgumentException("expected no kernel set and no variant but " + DeviceRequest.BITWISE
                    + " for the Java engine, got kernels '" + request.kernels() + "', variant '" + request.variant()
                    + "'");
        }
        if (request.tuning() != null) {
            throw new IllegalArgumentException("expected no tuning file for the Java engine, got " + request.tuning());
        }
        return bitwise ? new BitwiseDevice() : new CpuDevice();
    }
}
