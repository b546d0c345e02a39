package org.clnorm.example.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

class DigitsTest {
    private static final int PIXELS = Digits.SIZE * Digits.SIZE;

    private static long checksum(Images images) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * images.pixels().length);
        bytes.asFloatBuffer().put(images.pixels());
        CRC32 crc = new CRC32();
        crc.update(bytes);
        crc.update(images.labels());
        return crc.getValue();
    }

    /** The number was seen once; another on any Java means that its curves are not those of others. */
    @Test
    void aSeedGivesTheSameBitsEverywhere() {
        assertEquals(2996778654L, checksum(Digits.draw(7, 100)));
    }

    @Test
    void fewerImagesAreTheFirstOfMore() {
        Images few = Digits.draw(3, 20);
        Images more = Digits.draw(3, 50);
        assertArrayEquals(few.pixels(), Arrays.copyOf(more.pixels(), 20 * PIXELS));
        assertArrayEquals(few.labels(), Arrays.copyOf(more.labels(), 20));
    }

    @Test
    void otherSeedsGiveOthers() {
        Images some = Digits.draw(1, 50);
        for (long seed : new long[] {0, 2, -1, -2, 1L << 40}) {
            Images others = Digits.draw(seed, 50);
            assertNotEquals(checksum(some), checksum(others));
            int alike = 0;
            for (int i = 0; i < 50; i++) {
                alike += some.labels()[i] == others.labels()[i] ? 1 : 0;
            }
            assertTrue(alike < 20, "seed " + seed + " gives " + alike + " of 50 labels of seed 1");
        }
    }

    /** Each digit about as often, with ink in every image, and nearly all of it away from the border. */
    @Test
    void everyImageShowsADigit() {
        Images images = Digits.draw(11, 1000);
        int[] often = new int[Images.CLASSES];
        double border = 0;
        for (int i = 0; i < images.count(); i++) {
            often[images.labels()[i]]++;
            int bright = 0;
            for (int pixel = 0; pixel < PIXELS; pixel++) {
                float value = images.pixels()[i * PIXELS + pixel];
                assertTrue(value >= 0 && value <= 1, "pixel " + value);
                bright += value > 0.4 ? 1 : 0;
                int row = pixel / Digits.SIZE;
                int column = pixel % Digits.SIZE;
                boolean outer = Math.min(Math.min(row, column), Digits.SIZE - 1 - Math.max(row, column)) == 0;
                border += outer && value > 0.4 ? 1 : 0;
            }
            assertTrue(bright > 15 && bright < 250, "image " + i + " has " + bright + " bright pixels");
        }
        for (int number : often) {
            assertTrue(number > 70 && number < 130, Arrays.toString(often));
        }
        assertTrue(border / images.count() < 0.5, border + " bright pixels on the border");
    }

    @Test
    void noImagesAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Digits.draw(1, 0));
    }
}
