package org.clnorm.tensor;

import java.util.Objects;

/**
 * A dense, row-major array on a device. Whoever made it closes it, itself or through a {@link Scope}; closing gives the
 * memory back to the device's pool. Closing twice does nothing, any other use after closing throws
 * {@link IllegalStateException}. Not thread-safe: one thread at a time uses a tensor.
 */
public final class Tensor implements AutoCloseable {
    private final Device device;
    private final DataType type;
    private final Shape shape;
    private final Storage storage;
    private final LeakGuard.Ticket ticket;
    private Runnable dependent;

    Tensor(Device device, DataType type, Shape shape, Storage storage, LeakGuard leaks) {
        this.device = device;
        this.type = type;
        this.shape = shape;
        this.storage = storage;
        this.ticket = leaks.watch(this, type, shape);
    }

    /**
     * The device that holds it.
     *
     * @return the device
     */
    public Device device() {
        return device;
    }

    /**
     * The type of its elements.
     *
     * @return the type
     */
    public DataType type() {
        return type;
    }

    /**
     * Its dimensions.
     *
     * @return the shape
     */
    public Shape shape() {
        return shape;
    }

    /**
     * The number of elements.
     *
     * @return the product of the dimensions
     */
    public long size() {
        return shape.size();
    }

    /**
     * The memory behind it, for engines.
     *
     * @return the storage
     * @throws IllegalStateException if the tensor is closed
     */
    public Storage storage() {
        checkOpen();
        return storage;
    }

    /**
     * The memory behind it, for those who hold it: also after this tensor was closed.
     *
     * @return the storage
     * @throws IllegalStateException if nobody holds the memory any more
     */
    public Storage memory() {
        storage.checkHeld();
        return storage;
    }

    /**
     * Copies the values to the host. Waits for the work that makes them.
     *
     * @return all values in row-major order; F64 values are rounded
     * @throws IllegalStateException    if the tensor or its device is closed
     * @throws IllegalArgumentException if there are more values than an array can hold
     */
    public float[] read() {
        float[] values = new float[hostLength()];
        storage().read(0, values, 0, values.length);
        return values;
    }

    /**
     * Copies the values to the host as doubles. Waits for the work that makes them.
     *
     * @return all values in row-major order
     * @throws IllegalStateException    if the tensor or its device is closed
     * @throws IllegalArgumentException if there are more values than an array can hold
     */
    public double[] readDoubles() {
        double[] values = new double[hostLength()];
        storage().read(0, values, 0, values.length);
        return values;
    }

    /**
     * Overwrites the values; F16 and BF16 tensors round them to the nearest, ties to even. The array may be changed
     * again when this returns.
     *
     * @param values as many as there are elements, in row-major order
     * @return this tensor
     * @throws IllegalStateException    if the tensor or its device is closed
     * @throws IllegalArgumentException if the number of values differs
     */
    public Tensor write(float... values) {
        checkLength(Objects.requireNonNull(values, "values").length);
        storage().write(0, values, 0, values.length);
        storage.touch();
        return this;
    }

    /**
     * Overwrites the values; they are rounded to the nearest of the type, ties to even.
     *
     * @param values as many as there are elements, in row-major order
     * @return this tensor
     * @throws IllegalStateException    if the tensor or its device is closed
     * @throws IllegalArgumentException if the number of values differs
     */
    public Tensor write(double... values) {
        checkLength(Objects.requireNonNull(values, "values").length);
        storage().write(0, values, 0, values.length);
        storage.touch();
        return this;
    }

    /**
     * Sets every element to one value.
     *
     * @param value the value
     * @return this tensor
     * @throws IllegalStateException if the tensor or its device is closed
     */
    public Tensor fill(double value) {
        storage().fill(value);
        storage.touch();
        return this;
    }

    /**
     * Whether it was closed, or its device was.
     *
     * @return true if it can no longer be used
     */
    public boolean isClosed() {
        return ticket.isReturned() || device.isClosed();
    }

    /**
     * Another handle on the same memory, for one who needs the values after the owner closed his. No scope closes it.
     *
     * @return a tensor that its caller closes
     * @throws IllegalStateException if this tensor or its device is closed
     */
    public Tensor hold() {
        storage().retain();
        return new Tensor(device, type, shape, storage, device.leaks());
    }

    /**
     * Ties something to these values that ends when the tensor is closed or gets other values from another forward
     * pass.
     *
     * @param end replaces, and so ends, what was tied before, unless it is the same; null only ends it
     */
    public void tie(Runnable end) {
        Runnable former = dependent;
        dependent = end;
        if (former != null && former != end) {
            former.run();
        }
    }

    /**
     * What was tied last.
     *
     * @return what {@link #tie} was given, null if nothing or nothing since the tensor was closed
     */
    public Runnable tied() {
        return dependent;
    }

    @Override
    public void close() {
        if (ticket.giveBack()) {
            try {
                tie(null);
            } finally { // what was tied may hold memory of the caller's, and to let go of it may fail
                if (!device.isClosed()) {
                    storage.release();
                }
            }
        }
    }

    private void checkOpen() {
        if (ticket.isReturned()) {
            throw new IllegalStateException("expected an open tensor, got a closed one: " + this);
        }
        device.checkOpen();
    }

    private int hostLength() {
        checkOpen();
        if (size() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("expected at most 2^31 - 9 elements in a host array, got " + size());
        }
        return (int) size();
    }

    private void checkLength(long length) {
        if (length != size()) {
            throw new IllegalArgumentException(
                    "expected " + size() + " values for the shape " + shape + ", got " + length);
        }
    }

    @Override
    public String toString() {
        return type + shape.toString() + " on " + device.name();
    }
}
