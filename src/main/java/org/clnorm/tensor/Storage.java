package org.clnorm.tensor;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory behind a tensor; implemented by devices. It is freed when its last holder lets go: the tensor, and any
 * forward pass that still needs the values for its backward pass.
 */
public abstract class Storage {
    private final AtomicInteger holders = new AtomicInteger(1);
    private final AtomicLong version = new AtomicLong();

    /** For devices. */
    protected Storage() {
    }

    /**
     * Reads elements; waits for the work that writes them.
     *
     * @param from   index of the first element
     * @param into   receives the values
     * @param offset where in {@code into} they begin
     * @param length how many
     */
    public abstract void read(long from, double[] into, int offset, int length);

    /**
     * Reads elements as floats; waits for the work that writes them.
     *
     * @param from   index of the first element
     * @param into   receives the values
     * @param offset where in {@code into} they begin
     * @param length how many
     */
    public abstract void read(long from, float[] into, int offset, int length);

    /**
     * Writes elements; the values are taken before it returns.
     *
     * @param to     index of the first element
     * @param values the values
     * @param offset where in {@code values} they begin
     * @param length how many
     */
    public abstract void write(long to, double[] values, int offset, int length);

    /**
     * Writes elements from floats; the values are taken before it returns.
     *
     * @param to     index of the first element
     * @param values the values
     * @param offset where in {@code values} they begin
     * @param length how many
     */
    public abstract void write(long to, float[] values, int offset, int length);

    /**
     * Sets every element; enqueued, not waited for.
     *
     * @param value the value
     */
    public abstract void fill(double value);

    /** Gives the memory back to the device; called once, by the last {@link #release()}. */
    protected abstract void free();

    /** Adds a holder. */
    public final void retain() {
        if (holders.getAndUpdate(count -> count == 0 ? 0 : count + 1) == 0) {
            throw new IllegalStateException("expected memory that is still held, got memory that was freed");
        }
    }

    /** Lets go; the last holder frees the memory. */
    public final void release() {
        int left = holders.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("expected memory that is still held, got memory that was freed");
        }
        if (left == 0) {
            free();
        }
    }

    /**
     * How many hold it.
     *
     * @return 0 once the memory was freed
     */
    public final int holders() {
        return holders.get();
    }

    /** Throws if the memory was freed. */
    final void checkHeld() {
        if (holders() == 0) {
            throw new IllegalStateException("expected memory that is still held, got memory that was freed");
        }
    }

    /**
     * Counts the writes, so that a backward pass can tell that what it needs was overwritten.
     *
     * @return a number that grows with every write
     */
    public final long version() {
        return version.get();
    }

    /**
     * Whether the elements are those that were written: not once work has failed that was enqueued on the device, until
     * all of them are written anew.
     *
     * @return false if nobody knows what they are
     */
    public boolean isDefined() {
        return true;
    }

    /** Notes that nobody knows the elements any more, until all of them are written anew. */
    public void lose() {
        // memory that cannot be lost
    }

    /** Notes a write. */
    public void touch() {
        version.incrementAndGet();
    }

    /**
     * Whether writing one of two changes the other.
     *
     * @param other other memory
     * @return true if they have an element in common, or may have one
     */
    public boolean overlaps(Storage other) {
        return other == this;
    }
}
