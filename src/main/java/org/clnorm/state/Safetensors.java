package org.clnorm.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * The safetensors file format: eight bytes with the length of the header, the header in JSON, and the tensors' bytes.
 *
 * <p>Reading checks everything that the reference implementation checks, and each claim against the real size of the
 * file before it allocates anything for it. Writing gives the bytes that the reference implementation gives, and the
 * same bytes for the same content (metadata is sorted by key, which the reference leaves to chance).
 */
public final class Safetensors {
    static final String METADATA_KEY = "__metadata__";

    /** The reference implementation's limit for the header, in bytes. */
    static final int MAX_HEADER = 100_000_000;

    /** A channel copies a heap buffer to native memory first, all of it at once, and keeps that memory. */
    private static final int CHUNK = 1 << 20;

    private Safetensors() {
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return its tensors, in the order in which their data lies in the file, and its metadata
     * @throws CheckpointException if the file cannot be read or is not a valid safetensors file
     */
    public static StateDict read(Path file) {
        return read(file, name -> true);
    }

    /**
     * Reads some tensors of a file; memory is taken only for them.
     *
     * @param file the file
     * @param wanted says of a tensor's name whether to read it
     * @return those tensors, in the order in which their data lies in the file, and the file's metadata
     * @throws CheckpointException if the file cannot be read or is not a valid safetensors file, wanted or not
     */
    public static StateDict read(Path file, Predicate<String> wanted) {
        String name = file.toString();
        Objects.requireNonNull(wanted, "wanted");
        return open(file, in -> read(name, in::read, in.size(), wanted));
    }

    /**
     * Reads what a file says of its tensors, and not the tensors.
     *
     * @param file the file
     * @return the tensors, in the order in which their data lies in the file, and the metadata
     * @throws CheckpointException if the file cannot be read or is not a valid safetensors file
     */
    public static Header readHeader(Path file) {
        return open(file, in -> header(file.toString(), in::read, in.size()));
    }

    /** What to do with an open file. */
    @FunctionalInterface
    private interface Reading<T> {
        T of(FileChannel in) throws IOException;
    }

    private static <T> T open(Path file, Reading<T> reading) {
        String name = file.toString();
        RegularFile.check(file);
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            return reading.of(in);
        } catch (IOException e) {
            throw new CheckpointException(name, "cannot be read: " + Text.reason(e), e);
        }
    }

    /**
     * Reads the bytes of a file.
     *
     * @param bytes the whole file
     * @param name what to call it in messages
     * @return its tensors, in the order in which their data lies in the file, and its metadata
     * @throws CheckpointException if the bytes are not a valid safetensors file
     */
    public static StateDict read(byte[] bytes, String name) {
        try {
            return read(name, (into, position) -> copy(bytes, into, position), bytes.length, tensor -> true);
        } catch (IOException e) {
            throw new CheckpointException(name, "cannot be read: " + Text.reason(e), e);
        }
    }

    /**
     * Writes a file, in place of the one that is there. See {@link StateDict#save(Path)}.
     *
     * @param state what to write
     * @param file the file; where it is a symbolic link, the file it points to
     * @throws CheckpointException if the file cannot be written
     */
    public static void write(StateDict state, Path file) {
        List<TensorEntry> entries = HeaderWriter.layOut(state.tensors());
        byte[] header = HeaderWriter.encode(new Header(entries, state.metadata()));
        if (header.length > MAX_HEADER) {
            throw new CheckpointException(file.toString(), "cannot be written: expected names and metadata of at most "
                    + MAX_HEADER + " bytes, got " + header.length);
        }
        AtomicFile.replace(file, out -> {
            write(out, length(header.length));
            write(out, ByteBuffer.wrap(header));
            for (TensorEntry entry : entries) {
                write(out, state.get(entry.name()).bytes());
            }
        });
    }

    /** The bytes of a file, from any place on. */
    @FunctionalInterface
    private interface Source {
        /** As {@link FileChannel#read(ByteBuffer, long)}. */
        int read(ByteBuffer into, long position) throws IOException;
    }

    private static int copy(byte[] bytes, ByteBuffer into, long position) {
        int count = Math.min(into.remaining(), bytes.length - (int) position);
        into.put(bytes, (int) position, count);
        return count;
    }

    private static StateDict read(String file, Source in, long fileSize, Predicate<String> wanted)
            throws IOException {
        Header header = header(file, in, fileSize);
        List<TensorEntry> entries = header.entries().stream().filter(entry -> wanted.test(entry.name())).toList();
        entries.forEach(entry -> Layout.checkFitsArray(file, entry));
        StateDict state = new StateDict();
        header.metadata().forEach(state::putMetadata);
        long data = fileSize - header.dataSize();
        for (TensorEntry entry : entries) {
            byte[] bytes = allocate(file, entry);
            fill(file, in, data + entry.begin(), ByteBuffer.wrap(bytes));
            state.put(entry.name(), HostTensor.owning(entry.type(), bytes, entry.shape()));
        }
        return state;
    }

    private static Header header(String file, Source in, long fileSize) throws IOException {
        int length = headerLength(file, in, fileSize);
        byte[] bytes = new byte[length];
        fill(file, in, Long.BYTES, ByteBuffer.wrap(bytes));
        return Layout.check(file, HeaderParser.parse(file, bytes), fileSize - Long.BYTES - length);
    }

    private static int headerLength(String file, Source in, long fileSize) throws IOException {
        if (fileSize < Long.BYTES) {
            throw new CheckpointException(file, "expected 8 bytes with the header's length, got a file of " + fileSize);
        }
        ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        fill(file, in, 0, length);
        long claimed = length.getLong(0);
        if (Long.compareUnsigned(claimed, MAX_HEADER) > 0) {
            throw new CheckpointException(file, "expected a header of at most " + MAX_HEADER + " bytes, got a length"
                    + " of " + Long.toUnsignedString(claimed));
        }
        if (claimed > fileSize - Long.BYTES) {
            throw new CheckpointException(file, "expected a header of " + claimed + " bytes, the file holds "
                    + (fileSize - Long.BYTES) + " after the length");
        }
        return (int) claimed;
    }

    private static byte[] allocate(String file, TensorEntry entry) {
        try {
            return new byte[(int) entry.size()];
        } catch (OutOfMemoryError e) {
            throw new CheckpointException(file, "tensor " + Text.quote(entry.name()) + " of " + entry.size()
                    + " bytes does not fit in the Java heap", e);
        }
    }

    private static void fill(String file, Source in, long from, ByteBuffer buffer) throws IOException {
        int end = buffer.limit();
        while (buffer.position() < end) {
            buffer.limit(Math.min(end, buffer.position() + CHUNK));
            if (in.read(buffer, from + buffer.position()) < 0) {
                throw new CheckpointException(file, "ended early: it was changed while it was read");
            }
        }
    }

    private static ByteBuffer length(long headerLength) {
        return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(headerLength).flip();
    }

    private static void write(WritableByteChannel out, ByteBuffer buffer) throws IOException {
        int end = buffer.limit();
        while (buffer.position() < end) {
            buffer.limit(Math.min(end, buffer.position() + CHUNK));
            out.write(buffer);
        }
    }
}
