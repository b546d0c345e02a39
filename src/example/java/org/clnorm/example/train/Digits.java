package org.clnorm.example.train;

import java.util.Random;

/**
 * Digits that are drawn when they are needed, so that a network has something to learn where nothing was downloaded.
 * Each is a {@link Glyph} of a small font, shifted, turned, sheared and scaled, its points moved a little, its stroke
 * thick or thin, on a noisy ground, all at random.
 *
 * <p>The same seed gives the same bits on every Java: {@link Random} and {@link StrictMath} are specified to the bit,
 * and so is arithmetic in double.
 */
public final class Digits {
    /** Rows and columns of an image. */
    public static final int SIZE = 28;

    /** In radians: 23 degrees either way. */
    private static final double TURN = 0.4;
    private static final double SHEAR = 0.2;
    /** In pixels, either way. */
    private static final double SHIFT = 3;
    /** Pixels between two points of the font. */
    private static final double LEAST_SCALE = 2.0;
    private static final double MOST_SCALE = 3.2;
    /** Half the width of the stroke, in pixels. */
    private static final double THINNEST = 0.6;
    private static final double THICKEST = 1.5;
    private static final double PALEST = 0.55;
    private static final double MOST_NOISE = 0.25;

    private final Random random;

    private Digits(long seed) {
        random = new Random(mix(seed));
    }

    /**
     * Draws digits. The first images of a larger number are those of a smaller one.
     *
     * @param seed  decides all of them; images of another seed have nothing in common with these
     * @param count how many
     * @return images of 28 × 28, each digit as often as chance has it
     * @throws IllegalArgumentException if there are to be none
     */
    public static Images draw(long seed, int count) {
        if (count < 1) {
            throw new IllegalArgumentException("expected at least 1 image to draw, got " + count);
        }
        Digits digits = new Digits(seed);
        float[] pixels = new float[Math.multiplyExact(count, SIZE * SIZE)];
        byte[] labels = new byte[count];
        for (int i = 0; i < count; i++) {
            labels[i] = (byte) digits.random.nextInt(Images.CLASSES);
            digits.draw(labels[i], pixels, i * SIZE * SIZE);
        }
        return new Images(SIZE, SIZE, pixels, labels);
    }

    /** Random's sequences of neighbouring or complementary seeds resemble each other; those of mixed bits do not. */
    private static long mix(long seed) {
        long bits = (seed + 0x9E3779B97F4A7C15L) * 0xFF51AFD7ED558CCDL;
        bits = (bits ^ bits >>> 33) * 0xC4CEB9FE1A85EC53L;
        return bits ^ bits >>> 33;
    }

    private double between(double least, double most) {
        return least + (most - least) * random.nextDouble();
    }

    private void draw(int digit, float[] pixels, int offset) {
        double[] lines = place(Glyph.of(digit));
        double stroke = between(THINNEST, THICKEST);
        double ink = between(PALEST, 1);
        double noise = between(0, MOST_NOISE);
        for (int y = 0; y < SIZE; y++) {
            for (int x = 0; x < SIZE; x++) {
                // covered within the stroke, with an edge one pixel wide
                double cover = Math.max(0, Math.min(1, stroke + 0.5 - distance(lines, x, y)));
                double value = ink * cover + noise * (2 * random.nextDouble() - 1);
                pixels[offset + y * SIZE + x] = (float) Math.max(0, Math.min(1, value));
            }
        }
    }

    /** Where the lines of a glyph lie in the image: x, y of one end, x, y of the other, and so on. */
    private double[] place(Glyph glyph) {
        double angle = between(-TURN, TURN);
        double shear = between(-SHEAR, SHEAR);
        double wide = between(LEAST_SCALE, MOST_SCALE);
        double high = between(LEAST_SCALE, MOST_SCALE);
        double left = SIZE / 2 - 0.5 + between(-SHIFT, SHIFT);
        double top = SIZE / 2 - 0.5 + between(-SHIFT, SHIFT);
        double sin = StrictMath.sin(angle);
        double cos = StrictMath.cos(angle);
        double[] placed = new double[2 * glyph.points()];
        for (int i = 0; i < glyph.points(); i++) {
            double v = (glyph.row(i) + between(-0.3, 0.3)) * high;
            double u = (glyph.column(i) + between(-0.3, 0.3)) * wide - shear * v;
            placed[2 * i] = left + cos * u - sin * v;
            placed[2 * i + 1] = top + sin * u + cos * v;
        }
        int[] ends = glyph.ends();
        double[] lines = new double[2 * ends.length];
        for (int i = 0; i < ends.length; i++) {
            System.arraycopy(placed, 2 * ends[i], lines, 2 * i, 2);
        }
        return lines;
    }

    /** From a pixel to the nearest point of any line. */
    private static double distance(double[] lines, double x, double y) {
        double least = Double.MAX_VALUE;
        for (int i = 0; i < lines.length; i += 4) {
            double dx = lines[i + 2] - lines[i];
            double dy = lines[i + 3] - lines[i + 1];
            double px = x - lines[i];
            double py = y - lines[i + 1];
            double length = dx * dx + dy * dy;
            double along = length == 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / length));
            double away = (px - along * dx) * (px - along * dx) + (py - along * dy) * (py - along * dy);
            least = Math.min(least, away);
        }
        return Math.sqrt(least);
    }
}
