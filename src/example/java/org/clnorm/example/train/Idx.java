package org.clnorm.example.train;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * MNIST's files, in the format IDX: a number that tells type and rank, the lengths of the axes, all of four bytes with
 * the highest first, then the elements.
 */
public final class Idx {
    private static final int UNSIGNED_BYTES = 0x08;
    private static final int INTEGER_BYTES = 4;
    /** As floats these are 2 GB. */
    private static final int MOST_ELEMENTS = 1 << 29;

    private record Elements(Path file, int[] lengths, byte[] values) {
    }

    private Idx() {
    }

    /**
     * Reads images and labels from a folder, as they are named where they are published, packed (.gz) or not.
     *
     * @param folder   where {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte} and the same with
     *                 {@code t10k} lie
     * @param training whether the images to learn from are wanted, or else those held out
     * @return the images, pixels divided by 255
     * @throws IOException if a file is missing, damaged, or does not fit the other; names the file and the fault
     */
    public static Images read(Path folder, boolean training) throws IOException {
        String set = training ? "train" : "t10k";
        Elements images = read(find(folder, set + "-images", 3), 3);
        Elements labels = read(find(folder, set + "-labels", 1), 1);
        if (images.lengths[0] != labels.lengths[0]) {
            throw new IOException(images.file + " has " + images.lengths[0] + " images, but " + labels.file + " has "
                    + labels.lengths[0] + " labels");
        }
        for (int i = 0; i < labels.values.length; i++) {
            if (labels.values[i] < 0 || labels.values[i] >= Images.CLASSES) {
                throw new IOException(labels.file + ": expected labels from 0 to 9, got " + (labels.values[i] & 0xff)
                        + " for image " + i);
            }
        }
        float[] pixels = new float[images.values.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (images.values[i] & 0xff) / 255f;
        }
        return new Images(images.lengths[1], images.lengths[2], pixels, labels.values);
    }

    /** Programs that unpack the files turn the last hyphen into a dot or leave it. */
    private static Path find(Path folder, String name, int rank) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new IOException(folder + ": expected a folder with MNIST's files, there is none");
        }
        List<String> names = new ArrayList<>();
        for (String mark : List.of("-", ".")) {
            names.add(name + mark + "idx" + rank + "-ubyte");
            names.add(name + mark + "idx" + rank + "-ubyte.gz");
        }
        for (String candidate : names) {
            if (Files.isRegularFile(folder.resolve(candidate))) {
                return folder.resolve(candidate);
            }
        }
        throw new IOException(folder + ": expected a file " + names.get(0) + " or " + names.get(1) + ", there is none");
    }

    private static Elements read(Path file, int rank) throws IOException {
        try (InputStream in = Files.newInputStream(file);
                InputStream unpacked = file.toString().endsWith(".gz") ? new GZIPInputStream(in, 1 << 16) : in) {
            int[] lengths = header(file, unpacked, rank);
            long size = 1;
            for (int length : lengths) {
                size = Math.min(size * length, 1L << 31);
            }
            if (size > MOST_ELEMENTS) {
                throw new IOException(file + ": " + Arrays.toString(lengths) + " are more elements than fit");
            }
            byte[] values = unpacked.readNBytes((int) size);
            if (values.length < size) {
                throw new IOException(file + ": ends after " + values.length + " of " + size + " elements");
            }
            if (unpacked.read() >= 0) {
                throw new IOException(file + ": goes on after its " + size + " elements");
            }
            return new Elements(file, lengths, values);
        } catch (EOFException | ZipException damaged) {
            throw new IOException(file + ": damaged, or no .gz file at all", damaged);
        } catch (AccessDeniedException denied) {
            throw new IOException(file + ": may not be read", denied);
        }
    }

    private static int[] header(Path file, InputStream in, int rank) throws IOException {
        byte[] bytes = in.readNBytes(INTEGER_BYTES * (1 + rank));
        if (bytes.length < INTEGER_BYTES * (1 + rank)) {
            throw new IOException(file + ": ends after " + bytes.length + " bytes, before its header does");
        }
        ByteBuffer header = ByteBuffer.wrap(bytes);
        int expected = UNSIGNED_BYTES << Byte.SIZE | rank;
        int magic = header.getInt();
        if (magic != expected) {
            throw new IOException(String.format("%s: expected an IDX file of bytes along %d %s, which begins with %08x,"
                    + " got %08x", file, rank, rank == 1 ? "axis" : "axes", expected, magic));
        }
        int[] lengths = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            lengths[axis] = header.getInt();
            if (lengths[axis] < 1) {
                throw new IOException(file + ": the length of axis " + axis + " is "
                        + Integer.toUnsignedString(lengths[axis]) + (lengths[axis] == 0 ? "" : ", too large"));
            }
        }
        return lengths;
    }
}
