package org.clnorm.tensor;

import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Something that holds tensors and computes on them: an OpenCL device, or the Java engine.
 *
 * <p>Work is enqueued in the order of the calls; only what says so waits ({@link Tensor#read()}, {@link #finish()}).
 * A device may be used by several threads at once, a tensor or layer by one at a time. Closing it frees all that it
 * holds; use after that throws {@link IllegalStateException}.
 */
public abstract class Device implements AutoCloseable {
    private final ThreadLocal<Scope> scopes = new ThreadLocal<>();
    private final LeakGuard leaks = new LeakGuard();

    /** For engines. */
    protected Device() {
    }

    /**
     * Opens the best OpenCL device; where there is none, the Java engine, and the log says why.
     *
     * @return the open device
     */
    public static Device open() {
        return Devices.open();
    }

    /**
     * Opens the device that a selector names, see {@link DeviceRequest}.
     *
     * @param selector {@code cpu}, {@code opencl}, {@code opencl:P:D} or {@code opencl:TEXT}
     * @return the open device
     * @throws IllegalArgumentException if the selector is malformed
     * @throws DeviceException          if there is no such device
     */
    public static Device open(String selector) {
        return open(DeviceRequest.of(selector));
    }

    /**
     * Opens a device with a choice of kernels.
     *
     * @param request the device, kernel set and variant
     * @return the open device
     * @throws IllegalArgumentException if a part of the request is malformed
     * @throws DeviceException          if there is no such device
     */
    public static Device open(DeviceRequest request) {
        return Devices.open(Objects.requireNonNull(request, "request"));
    }

    /**
     * Opens the Java engine, which is always there: the reference, in double arithmetic.
     *
     * @return the open device
     */
    public static Device cpu() {
        return open("cpu");
    }

    /**
     * Every device and platform, without opening one.
     *
     * @return what there is, with the reasons for and against each
     */
    public static List<DeviceInfo> list() {
        return Devices.list();
    }

    /**
     * The device's name for people.
     *
     * @return the name
     */
    public abstract String name();

    /**
     * What drives the device, for reports.
     *
     * @return names and versions of platform and driver
     */
    public abstract String driver();

    /**
     * Whether tensors of a type can be made here.
     *
     * @param type the type
     * @return true for F32, F16 and BF16 everywhere; F64 on the Java engine
     */
    public abstract boolean supports(DataType type);

    /**
     * Waits until all enqueued work is done.
     *
     * @throws DeviceException if some of it failed; see {@link #recover()}
     */
    public abstract void finish();

    /**
     * Makes the device usable again after work failed that had been enqueued. Such a failure is noticed by a call that
     * waits, or a later one, and from then on every call on the device and its layers throws a {@link DeviceException}
     * that names it. This waits for what is still enqueued, gives idle memory back to the driver and checks that the
     * device carries out commands. What tensors held before is lost: using one throws a {@link DeviceException} until
     * all of it is written anew, by the host or as the result of a pass. Layers get theirs when state is loaded or
     * reset, which calls this. A device that is sound is left alone.
     *
     * @throws IllegalStateException if the device is closed
     * @throws DeviceException       if it does not come back; close it, open another, and load state into new layers
     */
    public void recover() {
        checkOpen();
    }

    /**
     * What else the device can do, asked for by interface; how a layer finds its engine.
     *
     * @param <T>     the interface
     * @param service the interface
     * @return the device's implementation
     * @throws IllegalArgumentException if the device has none
     */
    public <T> T service(Class<T> service) {
        if (!service.isInstance(this)) {
            throw new IllegalArgumentException("expected a device with " + service.getSimpleName() + ", got " + name());
        }
        return service.cast(this);
    }

    /**
     * Allocates memory; the contents are undefined.
     *
     * @param type     the type of the elements
     * @param elements how many, 0 or more
     * @return memory with one holder
     * @throws IllegalArgumentException if the device cannot hold so much
     * @throws DeviceException          if the allocation fails
     */
    protected abstract Storage allocate(DataType type, long elements);

    /** Frees what the device holds; called once. */
    protected abstract void release();

    /**
     * Whether the device was closed.
     *
     * @return true after {@link #close()}
     */
    public abstract boolean isClosed();

    /**
     * A float tensor with the given values.
     *
     * @param values row-major, as many as the shape has elements
     * @param dims   the shape
     * @return a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if values and shape do not fit
     */
    public final Tensor tensor(float[] values, long... dims) {
        return filled(DataType.F32, Shape.of(dims), values.length, tensor -> tensor.write(values));
    }

    /**
     * A double tensor with the given values, on a device that {@link #supports} F64.
     *
     * @param values row-major, as many as the shape has elements
     * @param dims   the shape
     * @return a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if values and shape do not fit, or the device has no F64
     */
    public final Tensor tensor(double[] values, long... dims) {
        return filled(DataType.F64, Shape.of(dims), values.length, tensor -> tensor.write(values));
    }

    /**
     * A tensor of any type with the given values, rounded to the nearest of the type, ties to even.
     *
     * @param type   the type of the elements, one that the device {@link #supports}
     * @param values row-major, as many as the shape has elements
     * @param dims   the shape
     * @return a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if values and shape do not fit, or the device does not have the type
     */
    public final Tensor tensor(DataType type, float[] values, long... dims) {
        return filled(type, Shape.of(dims), values.length, tensor -> tensor.write(values));
    }

    /**
     * A tensor of any type with the given values, rounded once to the nearest of the type, ties to even.
     *
     * @param type   the type of the elements, one that the device {@link #supports}
     * @param values row-major, as many as the shape has elements
     * @param dims   the shape
     * @return a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if values and shape do not fit, or the device does not have the type
     */
    public final Tensor tensor(DataType type, double[] values, long... dims) {
        return filled(type, Shape.of(dims), values.length, tensor -> tensor.write(values));
    }

    /**
     * A float tensor of zeros.
     *
     * @param dims the shape
     * @return a tensor of the current scope, or the caller's to close
     */
    public final Tensor zeros(long... dims) {
        return zeros(DataType.F32, dims);
    }

    /**
     * A tensor of zeros of any type.
     *
     * @param type the type of the elements, one that the device {@link #supports}
     * @param dims the shape
     * @return a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException if the device does not have the type
     */
    public final Tensor zeros(DataType type, long... dims) {
        Shape shape = Shape.of(dims);
        return filled(type, shape, shape.size(), tensor -> tensor.fill(0));
    }

    /**
     * A tensor with undefined contents, for something else to write.
     *
     * @param type  the type of the elements
     * @param shape the shape
     * @return a tensor of the current scope, or the caller's to close
     */
    public final Tensor empty(DataType type, Shape shape) {
        return scoped(unscoped(type, shape));
    }

    private Tensor scoped(Tensor tensor) {
        Scope scope = scopes.get();
        if (scope != null) {
            scope.add(tensor);
        }
        return tensor;
    }

    /**
     * A tensor around memory that the device did not allocate; for engines.
     *
     * @param type    the type of the elements
     * @param shape   the shape
     * @param storage the memory, with a holder for this tensor
     * @return a tensor of the current scope, or the caller's to close
     */
    protected final Tensor around(DataType type, Shape shape, Storage storage) {
        return scoped(new Tensor(this, type, shape, storage, leaks));
    }

    /**
     * A tensor with undefined contents that no scope closes: parameters and what else outlives a step.
     *
     * @param type  the type of the elements
     * @param shape the shape
     * @return a tensor, the caller's to close
     */
    public final Tensor unscoped(DataType type, Shape shape) {
        checkOpen();
        if (!supports(type)) {
            throw new IllegalArgumentException("expected a type that " + name() + " supports, got " + type);
        }
        return new Tensor(this, type, shape, allocate(type, shape.size()), leaks);
    }

    private Tensor filled(DataType type, Shape shape, long values, Consumer<Tensor> write) {
        if (values != shape.size()) {
            throw new IllegalArgumentException(
                    "expected " + shape.size() + " values for the shape " + shape + ", got " + values);
        }
        Tensor tensor = empty(type, shape);
        try {
            write.accept(tensor);
            return tensor;
        } catch (RuntimeException failed) {
            tensor.close();
            throw failed;
        }
    }

    /**
     * Opens a scope on this thread: every tensor made until it is closed is closed with it.
     *
     * @return the scope, for a try statement
     */
    public final Scope scope() {
        checkOpen();
        return new Scope(scopes);
    }

    LeakGuard leaks() {
        return leaks;
    }

    /**
     * How many tensors were made and not closed.
     *
     * @return a count; parameters of layers included
     */
    public final long liveTensors() {
        return leaks.live();
    }

    /**
     * How many tensors the garbage collector found dropped without close.
     *
     * @return a count
     */
    public final long leakedTensors() {
        return leaks.leaked();
    }

    /**
     * Throws unless the device is open.
     *
     * @throws IllegalStateException if it is closed
     */
    public final void checkOpen() {
        if (isClosed()) {
            throw new IllegalStateException("expected an open device, got a closed one: " + name());
        }
    }

    @Override
    public final void close() {
        if (!isClosed()) {
            leaks.end();
            release();
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
