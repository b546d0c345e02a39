package org.clnorm;

import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/** A process that trains a little and compares with the Java engine; {@link ManyProcessesTest} starts it. */
final class ColdStart {
    private ColdStart() {
    }

    public static void main(String[] arguments) {
        // the variant that takes the least to compile
        float[] expected = train(DeviceRequest.of("cpu"));
        float[] found = train(DeviceRequest.of("opencl").withVariant("plain"));
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(found[i] - expected[i]) <= 1e-5f)) {
                throw new IllegalStateException("expected " + expected[i] + " at " + i + ", got " + found[i]);
            }
        }
        System.out.println("right");
    }

    private static float[] train(DeviceRequest request) {
        try (Device device = Device.open(request); LayerNorm norm = new LayerNorm(3, 5).on(device);
                Scope scope = device.scope()) {
            Tensor x = Values.normal(device, 1, 3, 4, 3, 5);
            Tensor y = norm.forward(x);
            float[] dx = norm.backward(Values.normal(device, 2, 3, 4, 3, 5)).read();
            float[] all = new float[2 * dx.length];
            System.arraycopy(y.read(), 0, all, 0, dx.length);
            System.arraycopy(dx, 0, all, dx.length, dx.length);
            return all;
        }
    }
}
