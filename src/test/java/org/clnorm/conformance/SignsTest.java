package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.clnorm.OnEveryDevice;
import org.clnorm.tensor.Device;

/** The bits that a ReLU of a sum leaves behind, where runs of elements begin and end within a word of bits. */
class SignsTest {
    private static final List<String> WORKLOADS = List.of(
            "batch_norm 5x9x17x19", // planes of 323, a channel a work-item
            "batch_norm 3x2x201x211 dtype=bf16", // in pieces
            "instance_norm 5x9x17x19 affine=true dtype=f16", // segments of rows
            "batch_norm 50x35x7x7", // columns, of which samples remain
            "layer_norm 70x33 normalized_shape=33"); // short rows, whose bits are made last

    @OnEveryDevice
    void gradientsPassWhereTheSumIsPositive(Device device) {
        try (ReferenceCheck check = new ReferenceCheck()) {
            CheckReport report = new CheckReport();
            for (String line : WORKLOADS) {
                Workload workload = Workload.parse(line + " residual=after activation=relu");
                report.add(workload, "tested", check.verdicts(workload, device));
            }
            assertEquals(List.of(), report.failures());
            assertEquals(WORKLOADS.size(), report.cases());
        }
    }
}
