package org.clnorm.engine.cpu;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.engine.SyncEngine;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.DeviceRequest;

/** The Java engine in float, to the bits of the bitwise variant on OpenCL devices. */
final class BitwiseDevice extends CpuDevice {
    @Override
    public String name() {
        return super.name() + ", bitwise";
    }

    /** Its statistics are floats, and stay where they are. */
    @Override
    public <T> T service(Class<T> service) {
        if (service == SyncEngine.class) {
            throw new IllegalArgumentException("expected a device that synchronizes batch normalization, got "
                    + name());
        }
        return super.service(service);
    }

    @Override
    public boolean supports(DataType type) {
        return type != DataType.F64;
    }

    @Override
    public SavedStatistics forward(ForwardCall call) {
        checkPlain(call.task());
        return new BitwiseForward(call).run();
    }

    @Override
    public SavedStatistics forwardFrom(ForwardCall call, SavedStatistics saved) {
        checkPlain(call.task());
        return new BitwiseForward(call, (BitwiseStatistics) saved).run();
    }

    @Override
    public SavedStatistics given(ForwardCall call, SavedStatistics spent) {
        return new BitwiseForward(call).given();
    }

    @Override
    public void backward(BackwardCall call) {
        checkPlain(call.task());
        new BitwiseBackward(call).run();
    }

    @Override
    public void prepare(Task task, int passes) {
        checkPlain(task);
    }

    private static void checkPlain(Task task) {
        if (!task.form().isPlain() || task.padding().exists()
                || task.statistics() == Task.Statistics.RENORMALIZED) {
            throw new IllegalArgumentException("expected a task that the variant " + DeviceRequest.BITWISE
                    + " does, got " + task);
        }
    }

    @Override
    public Explanation explain(Task task) {
        checkPlain(task);
        return new Explanation(task, "java", DeviceRequest.BITWISE, "gives the same bits on every device");
    }
}
