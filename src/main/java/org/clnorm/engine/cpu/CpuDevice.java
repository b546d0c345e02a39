package org.clnorm.engine.cpu;

import java.util.List;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.MemoryProbe;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.RunningUpdate;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.engine.SyncEngine;
import org.clnorm.engine.SyncSums;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.Storage;
import org.clnorm.tensor.Tensor;

/** The Java engine as a device. Every call is done when it returns. */
class CpuDevice extends Device implements NormEngine, SyncEngine, MemoryProbe {
    private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;
    private static final List<String> COPY_METHODS = List.of("plain");

    private volatile boolean closed;

    static ArrayStorage array(Tensor tensor) {
        return tensor == null ? null : (ArrayStorage) tensor.memory();
    }

    @Override
    public String name() {
        return "CPU engine (Java " + Runtime.version().feature() + ")";
    }

    @Override
    public String driver() {
        return "Java " + Runtime.version();
    }

    @Override
    public <T> T service(Class<T> service) {
        return service == DeviceInfo.class ? service.cast(CpuProvider.info()) : super.service(service);
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
        try {
            return switch (type) {
                case F16, BF16 -> new ArrayStorage.Halves(type, (int) elements);
                case F32 -> new ArrayStorage.Floats((int) elements);
                case F64 -> new ArrayStorage.Doubles((int) elements);
            };
        } catch (OutOfMemoryError full) {
            throw new DeviceException("expected room in the Java heap for " + elements + " elements of type " + type
                    + ", got none; see -Xmx", full);
        }
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
    public SavedStatistics forwardFrom(ForwardCall call, SavedStatistics saved) {
        return new CpuForward(call, (CpuStatistics) saved).run();
    }

    @Override
    public SavedStatistics given(ForwardCall call, SavedStatistics spent) {
        return new CpuForward(call).given();
    }

    @Override
    public void prepare(Task task, int passes) {
        // nothing to compile, and memory is the heap's
    }

    @Override
    public void backward(BackwardCall call) {
        new CpuBackward(call).run();
    }

    @Override
    public void read(SavedStatistics saved, double[] mean, double[] variance) {
        CpuStatistics own = (CpuStatistics) saved;
        System.arraycopy(own.mean(), 0, mean, 0, mean.length);
        System.arraycopy(own.variance(), 0, variance, 0, variance.length);
    }

    @Override
    public SavedStatistics write(ForwardCall call, double[] mean, double[] variance, SavedStatistics spent) {
        return CpuStatistics.of(mean, variance, call);
    }

    @Override
    public void move(RunningUpdate update, SavedStatistics saved) {
        ((CpuStatistics) saved).move(update);
    }

    @Override
    public void gradients(BackwardCall call, SyncSums sums) {
        new CpuSync(call, sums).run();
    }

    @Override
    public void prepare(Task task) {
        // nothing to compile
    }

    @Override
    public Explanation explain(Task task) {
        return new Explanation(task, "java", "reference", "the definition in double arithmetic");
    }

    @Override
    public List<String> methods() {
        return COPY_METHODS;
    }

    @Override
    public void copy(Tensor from, Tensor to, String method) {
        if (!COPY_METHODS.contains(method)) {
            throw new IllegalArgumentException("expected one of " + COPY_METHODS + ", got '" + method + "'");
        }
        if (from.type() != to.type() || from.size() != to.size()) {
            throw new IllegalArgumentException("expected tensors of one type and size, got " + from + " and " + to);
        }
        array(to).copy(array(from));
        to.storage().touch();
    }
}
