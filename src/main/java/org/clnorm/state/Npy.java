package org.clnorm.state;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads NumPy's {@code .npy} files: one array of floats (16, 32, 64 bits), integers (8 to 64) or truth values, of
 * either byte order, in C or Fortran order. What comes out is in C order.
 *
 * <p>Versions 1, 2 and 3 of the format. Objects are refused (they are pickles, which can run code when they are read),
 * and so are structures, texts, dates, complex and wider floats. Each claim is checked against the real size of the
 * file before anything is allocated for it.
 */
public final class Npy {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

    /** NumPy's own limit; an array of numbers needs a tenth of it. */
    private static final int MAX_HEADER = 10_000;

    /** A file's stream copies what it reads at once to native memory first, and keeps that memory. */
    private static final int CHUNK = 1 << 20;

    private Npy() {
    }

    /**
     * Reads a file.
     *
     * @param file the file
     * @return its array; of shape [] for a single value
     * @throws CheckpointException if the file cannot be read, is not a valid {@code .npy} file, or holds something
     *     other than numbers and truth values
     */
    public static HostTensor read(Path file) {
        String name = file.toString();
        RegularFile.check(file);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return read(name, in, Files.size(file));
        } catch (IOException e) {
            throw new CheckpointException(name, "cannot be read: " + Text.reason(e), e);
        }
    }

    /**
     * Reads the bytes of a file.
     *
     * @param bytes the whole file
     * @param name what to call it in messages
     * @return its array; of shape [] for a single value
     * @throws CheckpointException if the bytes are not a valid {@code .npy} file, or hold something other than numbers
     *     and truth values
     */
    public static HostTensor read(byte[] bytes, String name) {
        try {
            return read(name, new ByteArrayInputStream(bytes), bytes.length);
        } catch (IOException e) {
            throw new CheckpointException(name, "cannot be read: " + Text.reason(e), e);
        }
    }

    /** Reads a stream of so many bytes to its end. */
    static HostTensor read(String file, InputStream in, long size) throws IOException {
        byte[] start = in.readNBytes(MAGIC.length + 2);
        if (start.length < MAGIC.length + 2 || !Arrays.equals(start, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new CheckpointException(file, "expected a .npy file, got one that does not start with \\x93NUMPY and"
                    + " a version");
        }
        int version = start[MAGIC.length];
        if (version < 1 || version > 3 || start[MAGIC.length + 1] != 0) {
            throw new CheckpointException(file, "expected version 1.0, 2.0 or 3.0 of the format, got "
                    + Byte.toUnsignedInt(start[MAGIC.length]) + "." + Byte.toUnsignedInt(start[MAGIC.length + 1]));
        }
        int lengthBytes = version == 1 ? Short.BYTES : Integer.BYTES;
        long headerLength = headerLength(file, in.readNBytes(lengthBytes), lengthBytes);
        byte[] text = in.readNBytes((int) headerLength);
        if (text.length < headerLength) {
            throw new CheckpointException(file, "expected a header of " + headerLength + " bytes, the file holds "
                    + text.length + " after its length");
        }
        NpyHeader header = NpyHeaderParser.parse(file, text, version == 3);
        return data(file, in, header, size - start.length - lengthBytes - headerLength);
    }

    private static long headerLength(String file, byte[] bytes, int expected) {
        if (bytes.length < expected) {
            throw new CheckpointException(file, "ended within the length of its header");
        }
        ByteBuffer buffer = ByteBuffer.wrap(Arrays.copyOf(bytes, Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        long length = buffer.getLong();
        if (length > MAX_HEADER) {
            throw new CheckpointException(file, "expected a header of at most " + MAX_HEADER + " bytes, got a length"
                    + " of " + length);
        }
        return length;
    }

    private static HostTensor data(String file, InputStream in, NpyHeader header, long held) throws IOException {
        long size = size(file, header);
        if (size != held) {
            throw new CheckpointException(file, "expected " + size + " bytes of data for shape "
                    + Arrays.toString(header.shape()) + " of " + header.type() + ", the file holds " + held);
        }
        if (size > HostTensor.MAX_BYTES) {
            throw new CheckpointException(file, "expected at most " + HostTensor.MAX_BYTES + " bytes (a Java array),"
                    + " got " + size);
        }
        byte[] data = allocate(file, (int) size);
        if (!fill(in, header, data) || in.read() >= 0) {
            throw new CheckpointException(file, "expected " + size + " bytes of data, which is what it claims to hold,"
                    + " but it does not end there");
        }
        return HostTensor.owning(header.type(), data, header.shape());
    }

    private static boolean fill(InputStream in, NpyHeader header, byte[] data) throws IOException {
        boolean transposed = header.fortranOrder() && header.shape().length > 1;
        boolean whole = transposed ? fillTransposed(in, header, data) : fill(in, data);
        NpyOrder.makeLittle(header, data);
        return whole;
    }

    private static boolean fill(InputStream in, byte[] data) throws IOException {
        int at = 0;
        while (at < data.length) {
            int wanted = Math.min(CHUNK, data.length - at);
            if (in.readNBytes(data, at, wanted) < wanted) {
                return false;
            }
            at += wanted;
        }
        return true;
    }

    private static boolean fillTransposed(InputStream in, NpyHeader header, byte[] data) throws IOException {
        NpyOrder.FromFortran order = new NpyOrder.FromFortran(header, data);
        byte[] chunk = new byte[Math.min(CHUNK, data.length)];
        for (int left = data.length; left > 0; left -= chunk.length) {
            int wanted = Math.min(chunk.length, left);
            if (in.readNBytes(chunk, 0, wanted) < wanted) {
                return false;
            }
            order.put(chunk, wanted);
        }
        return true;
    }

    private static long size(String file, NpyHeader header) {
        try {
            return header.type().byteSize(header.shape());
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file, e.getMessage(), e);
        }
    }

    /** Zeros, or an error that says what did not fit. */
    private static byte[] allocate(String file, int size) {
        try {
            return new byte[size];
        } catch (OutOfMemoryError e) {
            throw new CheckpointException(file, "its " + size + " bytes of data do not fit in the Java heap", e);
        }
    }
}
