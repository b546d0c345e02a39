package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceRequest;

/**
 * Opens OpenCL devices for tests; without one the test is skipped, or fails where {@code clnorm.requireDevice} is set.
 */
public final class TestDevices {
    private static final String PROBLEM = problem();

    /** What the devices hold that tests share. */
    private static final Ledger SHARED = new Ledger();

    private TestDevices() {
    }

    /** A device that many tests use; it is not seen in {@link #liveObjects()}. */
    public static Device openShared(DeviceRequest request) {
        return new OpenClProvider(new Setup(FaultPlan.NONE, SHARED, System.getenv())).open(request);
    }

    /** How many OpenCL objects there are in the process, but for those of devices that tests share. */
    public static long liveObjects() {
        return Ledger.everywhere() - SHARED.live();
    }

    /** Throws unless the devices that tests shared have released all that they made. */
    public static void checkShared() {
        assertEquals(0, SHARED.live(), SHARED.toString());
    }

    /** The best device, with kernels and a variant of one's own choice. */
    public static OpenClDevice open(String kernels, String variant) {
        return open(Setup.ofProcess(), kernels, variant);
    }

    static OpenClDevice open(Setup setup, String kernels, String variant) {
        requireDevice();
        return (OpenClDevice) new OpenClProvider(setup).open(new DeviceRequest("opencl", kernels, variant, null));
    }

    /** What the best device says of itself. */
    static DeviceFacts facts() {
        requireDevice();
        Setup setup = Setup.ofProcess();
        return new Selection(new Discovery(setup.cl(), new PoclGuard(setup.environment()))).device("opencl");
    }

    private static void requireDevice() {
        if (PROBLEM.isEmpty()) {
            return;
        }
        if (Boolean.getBoolean("clnorm.requireDevice")) {
            throw new IllegalStateException("expected an OpenCL device, as clnorm.requireDevice says: " + PROBLEM);
        }
        abort("no OpenCL device: " + PROBLEM);
    }

    /** Why there is no device, empty if there is one. */
    private static String problem() {
        try {
            new OpenClProvider().open(DeviceRequest.of("opencl")).close();
            return "";
        } catch (DeviceException none) {
            return none.getMessage();
        }
    }
}
