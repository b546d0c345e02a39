package org.clnorm.example.train;

import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.zip.CRC32;

/**
 * Grey images of one size, and which digit each of them shows.
 *
 * @param height the rows of an image
 * @param width  the columns of an image
 * @param pixels image after image, row after row, from 0 (background) to 1
 * @param labels a digit from 0 to 9 for each image
 */
public record Images(int height, int width, float[] pixels, byte[] labels) {
    /** How many digits there are. */
    public static final int CLASSES = 10;

    /**
     * Images, checked to be as many as the labels.
     *
     * @throws IllegalArgumentException if they are not, if there are none, or if a label is no digit
     */
    public Images {
        if (height < 1 || width < 1 || labels.length == 0) {
            throw new IllegalArgumentException("expected images, got " + labels.length + " of " + height + " x "
                    + width);
        }
        if (pixels.length != (long) labels.length * height * width) {
            throw new IllegalArgumentException("expected " + (long) labels.length * height * width + " pixels for "
                    + labels.length + " labels of images of " + height + " x " + width + ", got " + pixels.length);
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= CLASSES) {
                throw new IllegalArgumentException("expected labels from 0 to 9, got " + (labels[i] & 0xff)
                        + " for image " + i);
            }
        }
    }

    /**
     * How many they are.
     *
     * @return the number of images
     */
    public int count() {
        return labels.length;
    }

    /** What tells these images from others, in a line. */
    String summary() {
        CRC32 sum = new CRC32();
        sum.update(labels);
        int size = height * width;
        ByteBuffer image = ByteBuffer.allocate(size * Float.BYTES);
        for (int i = 0; i < count(); i++) {
            image.asFloatBuffer().put(pixels, i * size, size);
            sum.update(image.array());
        }
        return String.format(Locale.ROOT, "%d images of %d x %d (checksum %08x)", count(), height, width,
                sum.getValue());
    }
}
