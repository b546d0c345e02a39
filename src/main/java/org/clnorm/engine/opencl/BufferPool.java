package org.clnorm.engine.opencl;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DeviceException;
import org.jocl.Pointer;
import org.jocl.cl_mem;

/**
 * The device's memory. A block that comes back is handed out again to whoever wants one of its size class; the queue is
 * in order, or {@link ClSession#order} makes it so, and work enqueued earlier is done with it before work enqueued
 * later begins. Thread-safe.
 */
final class BufferPool {
    /** What memory is reserved for: passes that wait keep statistics each, while one scratch memory serves all. */
    enum Use {
        STATISTICS, SCRATCH
    }

    /** How blocks come to be. */
    enum Blocks {
        /** Of size classes, and handed out again. */
        REUSED,
        /** New, and no longer than they must be: for checkers of kernels, who see what is touched outside of them. */
        EXACT,
        /** The same, full of NaN, which shows in the results when it is read before anything is written. */
        POISONED
    }

    /** A piece of device memory: made by a pool, or somebody else's, which no pool takes back. */
    static final class Block {
        private final cl_mem memory;
        /** What kernel arguments are set from. */
        private final Pointer pointer;
        private final long bytes;
        private boolean taken;

        Block(cl_mem memory, long bytes) {
            this.memory = memory;
            this.pointer = Pointer.to(memory);
            this.bytes = bytes;
        }

        cl_mem memory() {
            return memory;
        }

        Pointer pointer() {
            return pointer;
        }
    }

    private static final long SMALLEST = 256;
    /** As a float, and as two of 16 bits. */
    private static final byte[] NAN = {-1, -1, -1, -1};
    /** Four classes an octave: at most a quarter of a block is unused. */
    private static final int CLASS_BITS = 2;

    private final ClSession session;
    private final Blocks kind;
    /** What is idle, by size class; the last to come back is the first to go, so that calls meet their blocks again. */
    private final List<Deque<Block>> idle = new ArrayList<>();
    /** What calls that were prepared for will take; no tensor gets it. */
    private final Map<Use, List<Block>> reserved = new EnumMap<>(Use.class);
    private final Set<Block> blocks = Collections.newSetFromMap(new IdentityHashMap<>());
    private long totalBytes;
    private boolean closed;

    BufferPool(ClSession session) {
        this(session, Blocks.REUSED);
    }

    BufferPool(ClSession session, Blocks kind) {
        this.session = session;
        this.kind = kind;
        for (Use use : Use.values()) {
            reserved.put(use, new ArrayList<>());
        }
        for (int i = 0; i < Long.SIZE << CLASS_BITS; i++) {
            idle.add(new ArrayDeque<>(0));
        }
    }

    Health health() {
        return session.health();
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
        long bytes = blockBytes(elements, elementBytes);
        Block block = kind == Blocks.REUSED ? idle(bytes).peek() : null;
        if (block != null && block.bytes >= bytes) {
            idle(bytes).pop();
        } else {
            block = create(bytes);
        }
        block.taken = true;
        return block;
    }

    /** Makes a block for so many floats that only {@link #takeReserved} hands out. */
    synchronized void reserve(Use use, long floats) {
        reserved.get(use).add(create(blockBytes(floats, Float.BYTES)));
    }

    /** Sets a block that was taken aside, for {@link #takeReserved} alone. */
    synchronized void reserve(Use use, Block block) {
        block.taken = false;
        reserved.get(use).add(block);
    }

    /** A block for so many floats, a reserved one if there is one. */
    synchronized Block takeReserved(Use use, long floats) {
        List<Block> ahead = reserved.get(use);
        long bytes = ahead.isEmpty() ? 0 : blockBytes(floats, Float.BYTES);
        for (int i = 0; i < ahead.size(); i++) {
            if (ahead.get(i).bytes == bytes) {
                Block block = ahead.remove(i);
                block.taken = true;
                return block;
            }
        }
        return take(floats);
    }

    private long blockBytes(long elements, int elementBytes) {
        checkSize(elements, elementBytes);
        long bytes = (elements * elementBytes + Float.BYTES - 1) / Float.BYTES * Float.BYTES;
        return kind == Blocks.REUSED ? sizeClass(bytes) : bytes;
    }

    /** Idle blocks by the size's octave and the bits below; only the largest classes are not of one size. */
    private Deque<Block> idle(long bytes) {
        int octave = Long.SIZE - 1 - Long.numberOfLeadingZeros(bytes);
        int part = (int) (bytes >> octave - CLASS_BITS) & (1 << CLASS_BITS) - 1;
        return idle.get((octave << CLASS_BITS) + part);
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
            if (reserved.values().stream().allMatch(List::isEmpty) && idle.stream().allMatch(Deque::isEmpty)) {
                throw full;
            }
            block = allocateAgain(bytes, full);
        }
        blocks.add(block);
        totalBytes += bytes;
        return block;
    }

    private Block allocateAgain(long bytes, DeviceException full) {
        try {
            trim();
            return allocate(bytes);
        } catch (DeviceException again) {
            full.addSuppressed(again);
            throw full;
        }
    }

    private Block allocate(long bytes) {
        Block block = new Block(session.cl().createBuffer(session.context(), bytes), bytes);
        if (kind == Blocks.POISONED) {
            session.cl().fill(session.queue(), block.memory, Pointer.to(NAN), NAN.length, 0, bytes, null);
        }
        return block;
    }

    /** Frees what nobody uses; waits, because memory is free only when the work on it is done. */
    synchronized void trim() {
        session.finish();
        Cleanup cleanup = new Cleanup();
        for (Deque<Block> free : idle) {
            for (Block block : free) {
                cleanup.add(() -> free(block));
            }
            free.clear();
        }
        for (List<Block> ahead : reserved.values()) {
            for (Block block : ahead) {
                cleanup.add(() -> free(block));
            }
            ahead.clear();
        }
        cleanup.run();
    }

    private void free(Block block) {
        blocks.remove(block);
        totalBytes -= block.bytes;
        session.cl().release(block.memory);
    }

    /** Takes a block back; does nothing where there is none, the pool was closed, or the block is back already. */
    synchronized void giveBack(Block block) {
        if (!closed && block != null && block.taken) {
            block.taken = false;
            idle(block.bytes).push(block);
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
            cleanup.add(() -> session.cl().release(block.memory));
        }
        blocks.clear();
        idle.clear();
        reserved.values().forEach(List::clear);
        cleanup.run();
    }
}
