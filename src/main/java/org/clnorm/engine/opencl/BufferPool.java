package org.clnorm.engine.opencl;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.clnorm.tensor.DeviceException;
import org.jocl.cl_mem;

/**
 * The device's memory. A block that comes back is handed out again to whoever wants one of its size class; the queue is
 * in order, so work enqueued earlier is done with it before work enqueued later begins. Thread-safe.
 */
final class BufferPool {
    /** A piece of device memory. */
    record Block(cl_mem memory, long bytes) {
    }

    private static final long SMALLEST = 256;
    /** Four classes an octave: at most a quarter of a block is unused. */
    private static final int CLASS_BITS = 2;

    private final ClSession session;
    private final Map<Long, Deque<Block>> idle = new HashMap<>();
    private final Set<Block> blocks = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Block> taken = Collections.newSetFromMap(new IdentityHashMap<>());
    private long totalBytes;
    private boolean closed;

    BufferPool(ClSession session) {
        this.session = session;
    }

    /** Throws unless a buffer of so many elements may exist on the device. */
    void checkSize(long elements, int elementBytes) {
        long most = Math.min(session.facts().maxAllocBytes(), session.facts().memoryBytes());
        if (elements > most / elementBytes) {
            throw new IllegalArgumentException("expected at most " + most + " bytes in one buffer on "
                    + session.facts() + ", got " + elements + " elements of " + elementBytes + " bytes");
        }
    }

    Block take(long floats) {
        return take(floats, Float.BYTES);
    }

    /** A block for so many elements, whole floats long. */
    synchronized Block take(long elements, int elementBytes) {
        checkSize(elements, elementBytes);
        long bytes = sizeClass((elements * elementBytes + Float.BYTES - 1) / Float.BYTES * Float.BYTES);
        Deque<Block> free = idle.get(bytes);
        Block block = free == null ? null : free.poll();
        if (block == null) {
            block = create(bytes);
        }
        taken.add(block);
        return block;
    }

    private long sizeClass(long bytes) {
        long step = Math.max(SMALLEST, Long.highestOneBit(bytes) >> CLASS_BITS);
        long rounded = (bytes + step - 1) / step * step;
        return Math.min(rounded, Math.max(bytes, session.facts().maxAllocBytes()));
    }

    private Block create(long bytes) {
        long room = session.facts().memoryBytes();
        if (totalBytes > room - bytes) {
            trim();
        }
        if (totalBytes > room - bytes) {
            throw new IllegalArgumentException("expected at most " + (room - totalBytes) + " bytes more on "
                    + session.facts() + ", which has " + room + ", got " + bytes);
        }
        Block block;
        try {
            block = allocate(bytes);
        } catch (DeviceException full) {
            if (idle.isEmpty()) {
                throw full;
            }
            trim();
            block = allocate(bytes);
        }
        blocks.add(block);
        totalBytes += bytes;
        return block;
    }

    private Block allocate(long bytes) {
        return new Block(session.cl().createBuffer(session.context(), bytes), bytes);
    }

    /** Frees what nobody uses; waits, because memory is free only when the work on it is done. */
    private void trim() {
        session.finish();
        Cleanup cleanup = new Cleanup();
        for (Deque<Block> free : idle.values()) {
            for (Block block : free) {
                cleanup.add(() -> free(block));
            }
        }
        idle.clear();
        cleanup.run();
    }

    private void free(Block block) {
        blocks.remove(block);
        totalBytes -= block.bytes();
        session.cl().release(block.memory());
    }

    /** Takes a block back; does nothing where the pool was closed, or the block is back already. */
    synchronized void giveBack(Block block) {
        if (!closed && taken.remove(block)) {
            idle.computeIfAbsent(block.bytes(), size -> new ArrayDeque<>()).push(block);
        }
    }

    /** How many bytes are allocated, in use or idle. */
    synchronized long totalBytes() {
        return totalBytes;
    }

    /** Frees everything, what is in use too. */
    synchronized void close() {
        closed = true;
        Cleanup cleanup = new Cleanup();
        for (Block block : blocks) {
            cleanup.add(() -> session.cl().release(block.memory()));
        }
        blocks.clear();
        taken.clear();
        idle.clear();
        cleanup.run();
    }
}
