package org.clnorm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SamplesTest {
    @Test
    void medianAndMinimumInMicroseconds() {
        Samples samples = new Samples();
        assertThrows(IllegalStateException.class, samples::median);
        for (long nanos : new long[] {9_000, 1_000, 5_000}) {
            samples.add(nanos);
        }
        assertEquals(5, samples.median());
        assertEquals(1, samples.min());
        samples.add(6_000);
        assertEquals(5.5, samples.median());
    }

    @Test
    void grows() {
        Samples samples = new Samples();
        for (int i = 1; i <= 1001; i++) {
            samples.add(i * 1_000L);
        }
        assertEquals(501, samples.median());
        assertEquals(1, samples.min());
    }
}
