package org.clnorm.state;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Reads NumPy's {@code .npz} files, a zip of {@link Npy} files, as {@code numpy.savez} and {@code savez_compressed}
 * write them. An array's name is its entry's without {@code .npy}.
 */
public final class Npz {
    private static final String ENDING = ".npy";

    /** Deflate cannot do better: 258 bytes take 2 bits at least. */
    private static final long MAX_RATIO = 1032;

    private Npz() {
    }

    /**
     * Reads a file.
     *
     * @param file the file, in the default file system
     * @return its arrays by name, in the order of the file; nothing is read lazily
     * @throws CheckpointException if the file cannot be read, is not a zip of {@code .npy} files, or one of them is
     *     broken or holds something other than numbers and truth values
     */
    public static StateDict read(Path file) {
        return read(file, Long.MAX_VALUE);
    }

    /**
     * Reads a file that nobody vouches for: a small zip can unpack to a thousand times its size.
     *
     * @param file the file, in the default file system
     * @param maxBytes the most that all arrays may take together, in bytes
     * @return its arrays by name, in the order of the file; nothing is read lazily
     * @throws CheckpointException as {@link #read(Path)}, or if the arrays take more, which is known before one is read
     */
    public static StateDict read(Path file, long maxBytes) {
        String name = file.toString();
        RegularFile.check(file);
        try (ZipFile zip = new ZipFile(file.toFile())) {
            checkTotal(name, zip, maxBytes);
            StateDict state = new StateDict();
            for (ZipEntry entry : Collections.list(zip.entries())) {
                put(state, name, entry, tensor(name, zip, entry));
            }
            return state;
        } catch (IOException e) {
            throw new CheckpointException(name, "cannot be read as a zip: " + Text.line(Text.reason(e)), e);
        } catch (IllegalArgumentException e) { // a name that is not in the encoding that the entry claims
            throw new CheckpointException(name, "cannot be read as a zip: " + Text.line(e.getMessage()), e);
        }
    }

    private static void checkTotal(String file, ZipFile zip, long maxBytes) {
        long left = maxBytes;
        for (ZipEntry entry : Collections.list(zip.entries())) {
            long size = entry.getSize();
            if (size < 0 || size > left) {
                throw new CheckpointException(file, "expected arrays of at most " + maxBytes
                        + " bytes, got more with " + Text.quote(entry.getName()) + " of " + size);
            }
            left -= size;
        }
    }

    private static void put(StateDict state, String file, ZipEntry entry, HostTensor tensor) {
        String name = entry.getName().substring(0, entry.getName().length() - ENDING.length());
        if (state.contains(name)) {
            throw new CheckpointException(file, "duplicate array " + Text.quote(name));
        }
        try {
            state.put(name, tensor);
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file, e.getMessage(), e);
        }
    }

    private static HostTensor tensor(String file, ZipFile zip, ZipEntry entry) {
        try {
            return tensor(zip, entry);
        } catch (CheckpointException e) {
            throw new CheckpointException(file, "array " + e.getMessage(), e);
        } catch (IOException e) {
            throw new CheckpointException(file, "array " + Text.quote(entry.getName()) + ": cannot be read: "
                    + Text.line(Text.reason(e)), e);
        }
    }

    private static HostTensor tensor(ZipFile zip, ZipEntry entry) throws IOException {
        String name = Text.quote(entry.getName());
        if (!entry.getName().endsWith(ENDING)) {
            throw new CheckpointException(name, "expected the name of an array to end in " + ENDING);
        }
        checkRatio(name, entry);
        CRC32 checksum = new CRC32();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), checksum)) {
            HostTensor tensor = Npy.read(name, in, entry.getSize());
            if (checksum.getValue() != entry.getCrc()) {
                throw new CheckpointException(name, "its checksum is not the one that the zip has for it");
            }
            return tensor;
        }
    }

    /** The size that an entry claims is allocated: it must be one that its bytes in the file can have. */
    private static void checkRatio(String name, ZipEntry entry) {
        long packed = entry.getCompressedSize();
        long size = entry.getSize();
        boolean possible = entry.getMethod() == ZipEntry.STORED ? size == packed : size / MAX_RATIO <= packed;
        if (!possible) {
            throw new CheckpointException(name, "expected a size that " + packed + " packed bytes can have, got "
                    + size);
        }
    }
}
