package org.clnorm.engine.opencl;

import org.clnorm.tensor.DataType;
import org.jocl.CL;
import org.jocl.cl_mem;

/**
 * Memory of the caller's as it was found.
 *
 * @param memory the caller's buffer
 * @param type   the type of the elements
 * @param layout where they lie in it
 * @param root   the buffer that it is a part of, or itself
 * @param shift  where in the root it begins, in bytes
 * @param bytes  its size
 * @param flags  what it was made with
 * @param reason why kernels cannot take it as it lies, empty if they can
 */
record Borrowing(cl_mem memory, DataType type, Layout layout, cl_mem root, long shift, long bytes, long flags,
        String reason) {
    /** What the kernels' vectors may expect of an address. */
    private static final long VECTOR_BYTES = 64;

    /** Asks a buffer what it is; refuses what is none, belongs to another context, or is too small. */
    static Borrowing of(ClSession session, cl_mem memory, DataType type, Layout layout) {
        Cl cl = session.cl();
        long kind = cl.memoryNumber(memory, CL.CL_MEM_TYPE);
        if (kind != CL.CL_MEM_OBJECT_BUFFER) {
            throw new IllegalArgumentException("expected a buffer, got a memory object of type 0x"
                    + Long.toHexString(kind));
        }
        if (cl.memoryNumber(memory, CL.CL_MEM_CONTEXT) != session.context().getNativePointer()) {
            throw new IllegalArgumentException("expected a buffer of the context of " + session.facts()
                    + ", got one of another");
        }
        long bytes = cl.memoryNumber(memory, CL.CL_MEM_SIZE);
        if (layout.endByte() > bytes) {
            throw new IllegalArgumentException("expected a buffer of at least " + layout.endByte() + " bytes for "
                    + layout.spanBytes() + " bytes from byte " + layout.byteOffset() + ", got one of " + bytes);
        }
        long flags = cl.memoryNumber(memory, CL.CL_MEM_FLAGS);
        cl_mem parent = cl.parent(memory);
        long shift = parent == null ? 0 : cl.memoryNumber(memory, CL.CL_MEM_OFFSET);
        long alignment = Math.max(1,
                cl.deviceNumber(session.facts().id(), CL.CL_DEVICE_MEM_BASE_ADDR_ALIGN) / Byte.SIZE);
        long address = (flags & CL.CL_MEM_USE_HOST_PTR) == 0 ? 0 : cl.memoryNumber(memory, CL.CL_MEM_HOST_PTR);
        return new Borrowing(memory, type, layout, parent == null ? memory : parent, shift, bytes, flags,
                reason(layout, bytes, shift, alignment, address));
    }

    private static String reason(Layout layout, long bytes, long shift, long alignment, long address) {
        if (!layout.isDense()) {
            return "it is strided: " + layout;
        }
        boolean whole = layout.byteOffset() == 0 && layout.spanBytes() == bytes;
        if (!whole && (shift + layout.byteOffset()) % alignment != 0) {
            return "it begins at byte " + (shift + layout.byteOffset()) + ", no multiple of the " + alignment
                    + " bytes of CL_DEVICE_MEM_BASE_ADDR_ALIGN";
        }
        if ((address + layout.byteOffset()) % VECTOR_BYTES != 0) {
            return "the host's memory behind it begins at no multiple of " + VECTOR_BYTES + " bytes";
        }
        return "";
    }

    /** Whether kernels take the caller's buffer itself. */
    boolean isWhole() {
        return layout.byteOffset() == 0 && layout.spanBytes() == bytes;
    }

    /** Where in the root it begins. */
    long origin() {
        return shift + layout.byteOffset();
    }

    boolean has(long flag) {
        return (flags & flag) != 0;
    }

    /** Whether the same was asked for. */
    boolean same(Borrowing other) {
        return memory.equals(other.memory) && type == other.type && layout.equals(other.layout);
    }

    boolean overlaps(Borrowing other) {
        return root.equals(other.root) && layout.movedBy(shift).overlaps(other.layout.movedBy(other.shift));
    }
}
