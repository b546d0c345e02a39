package org.clnorm.engine.opencl;

import java.util.Arrays;
import org.clnorm.tensor.DeviceException;

/** What shows that a device still works after work failed: idle memory goes, new memory is filled and read. */
final class Revival implements Runnable {
    private static final int FLOATS = 64;
    private static final float PATTERN = 1.5f;

    private final BufferPool pool;
    private final Transfers transfers;

    Revival(BufferPool pool, Transfers transfers) {
        this.pool = pool;
        this.transfers = transfers;
    }

    @Override
    public void run() {
        pool.trim();
        BufferPool.Block block = pool.take(FLOATS);
        try {
            float[] expected = new float[FLOATS];
            float[] found = new float[FLOATS];
            Arrays.fill(expected, PATTERN);
            transfers.fill(block.memory(), 0, PATTERN, FLOATS);
            transfers.read(block.memory(), 0, found, 0, FLOATS);
            if (!Arrays.equals(expected, found)) {
                throw new DeviceException("expected " + PATTERN + " everywhere after a fill, got "
                        + Arrays.toString(found));
            }
        } finally {
            pool.giveBack(block);
        }
    }
}
