package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.cl_mem;
import org.junit.jupiter.api.Test;

/** Every OpenCL call that wrapping and borrowing make is made to fail: nothing stays held. */
class BorrowFaultsTest {
    private static final NormView VIEW = NormView.of(Axis.reduced(6, 1, 0));
    /** What is tried again: memory, and what ends a pass that has begun. */
    private static final Set<String> SURVIVED = Set.of("clCreateBuffer", "clSetKernelArg", "clEnqueueNDRangeKernel",
            "clEnqueueBarrierWithWaitList");
    private static final Map<String, String> NO_DISK = Map.of("POCL_SIGFPE_HANDLER", "0", "CLNORM_CACHE_DIR", "");

    @Test
    void everyCallMayFail() {
        try (Bare bare = new Bare(true)) {
            cl_mem buffer = bare.buffer(new byte[(int) (4 * bare.alignment())], CL.CL_MEM_READ_WRITE);
            long held = Bare.number(buffer, CL.CL_MEM_REFERENCE_COUNT);
            for (int k = 0;; k++) {
                long[] left = {k};
                String[] hit = {""};
                FaultPlan faults = (call, index) -> {
                    boolean fails = left[0]-- == 0;
                    hit[0] = fails ? call : hit[0];
                    return fails ? CL.CL_OUT_OF_RESOURCES : 0;
                };
                Ledger ledger = new Ledger();
                boolean failed = false;
                OpenClDevice device = null;
                try {
                    device = new OpenClProvider(new Setup(faults, ledger, NO_DISK)).wrap(bare.context, bare.device,
                            bare.queue, DeviceRequest.of("opencl").withVariant("plain"));
                    life(bare, buffer, device);
                } catch (DeviceException expected) {
                    failed = true;
                }
                try {
                    if (device != null) {
                        device.close();
                    }
                } catch (DeviceException expected) {
                    failed = true;
                }
                assertEquals(0, ledger.live(), "after a failure of call " + k + ", " + hit[0] + ": " + ledger);
                if (hit[0].isEmpty()) {
                    assertTrue(k > 50, "tried " + k);
                    break;
                }
                assertTrue(failed || SURVIVED.contains(hit[0]), hit[0] + " failed and nobody noticed");
            }
            bare.read(buffer);
            assertEquals(held, Bare.number(buffer, CL.CL_MEM_REFERENCE_COUNT));
        }
    }

    private static void life(Bare bare, cl_mem buffer, OpenClDevice device) {
        try (Scope scope = device.scope()) {
            Tensor x = device.borrow(buffer, bare.alignment(), DataType.F32, Shape.of(6));
            Tensor y = device.borrow(buffer, 4, DataType.F32, Shape.of(6), 2);
            x.fill(1);
            NormEngine.of(device).forward(new ForwardCall(VIEW, x, y, null, null, 1e-5, false, null, null)).close();
            Bare.ok(CL.clReleaseEvent(device.mark()));
            y.read();
        }
    }
}
