package org.clnorm.example.train;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.List;
import java.util.Random;
import org.clnorm.TestDevices;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A device and operations on it for each test, and random numbers that are always the same. */
abstract class OnADeviceOfItsOwn {
    final Random random = new Random(7);
    OpenClDevice device;
    Ops ops;

    @BeforeEach
    final void open() {
        List<DeviceInfo> devices = TestDevices.openCl();
        assumeFalse(devices.isEmpty(), "there is no OpenCL device");
        device = Training.open(devices.get(0).selector());
        ops = new Ops(device);
    }

    @AfterEach
    final void close() {
        if (device != null) {
            ops.close();
            device.close();
        }
    }

    /** Between -1 and 1. */
    final float[] numbers(long count) {
        float[] numbers = new float[(int) count];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = 2 * random.nextFloat() - 1;
        }
        return numbers;
    }

    /** A tensor of random numbers. */
    final Tensor drawn(long... dims) {
        Tensor tensor = ops.tensor(dims);
        return tensor.write(numbers(tensor.size()));
    }
}
