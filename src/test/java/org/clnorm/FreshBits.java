package org.clnorm;

import java.util.Arrays;
import java.util.List;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.CaseRunner;
import org.clnorm.conformance.Workload;
import org.clnorm.state.ElementType;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceRequest;

/**
 * A process that trains and evaluates layers and prints what comes out as a hash for each tensor;
 * {@link SameBitsInFreshProcessesTest} starts it. With an argument, on the Java engine's bitwise variant alone.
 */
final class FreshBits {
    private static final List<String> LINES = List.of("layer_norm 60x257 normalized_shape=257 seed=1",
            "batch_norm 8x6x14x14 steps=tte seed=2", "group_norm 4x12x9x9 groups=3 seed=3");

    private FreshBits() {
    }

    public static void main(String[] arguments) {
        if (arguments.length > 0) {
            print("bitwise", DeviceRequest.of("cpu").withVariant(DeviceRequest.BITWISE));
            return;
        }
        print("cpu", DeviceRequest.of("opencl").withKernels("cpu"));
        print("gpu", DeviceRequest.of("opencl").withKernels("gpu"));
        try {
            print("bitwise", DeviceRequest.of("opencl").withVariant(DeviceRequest.BITWISE));
        } catch (IllegalArgumentException refused) {
            System.out.println("refused " + refused.getMessage());
        }
    }

    private static void print(String name, DeviceRequest request) {
        try (Device device = Device.open(request)) {
            for (String line : LINES) {
                StateDict results = CaseRunner.run(Case.of(Workload.parse(line)), device);
                results.tensors().forEach((tensor, values) -> System.out.println(name + " " + line + " " + tensor + " "
                        + (values.type() == ElementType.I64 ? Arrays.toString(values.toLongs())
                                : Integer.toHexString(Arrays.hashCode(values.toDoubles())))));
            }
        }
    }
}
