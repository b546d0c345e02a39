package org.clnorm.engine.cpu;

import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Storage;
import org.clnorm.tensor.Tensor;

/** The Java engine as a device. Every call is done when it returns. */
final class CpuDevice extends Device implements NormEngine {
    private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

    private volatile boolean closed;

    static ArrayStorage array(Tensor tensor) {
        return tensor == null ? null : (ArrayStorage) tensor.storage();
    }

    @Override
    public String name() {
        return "CPU engine (Java " + Runtime.version().feature() + ")";
    }

    @Override
    public boolean supports(DataType type) {
        return true;
    }

    @Override
    public void finish() {
        checkOpen();
    }

    @Override
    protected Storage allocate(DataType type, long elements) {
        long most = Math.min(MAX_ELEMENTS, Runtime.getRuntime().maxMemory() / type.bytes());
        if (elements > most) {
            throw new IllegalArgumentException(
                    "expected at most " + most + " elements in a tensor of " + name() + ", got " + elements);
        }
        return type == DataType.F32 ? new ArrayStorage.Floats((int) elements)
                : new ArrayStorage.Doubles((int) elements);
    }

    @Override
    protected void release() {
        closed = true;
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public SavedStatistics forward(ForwardCall call) {
        return new CpuForward(call).run();
    }

    @Override
    public void backward(BackwardCall call) {
        new CpuBackward(call).run();
    }

    @Override
    public String describe(Task task) {
        return "reference: the definition in double arithmetic";
    }
}
