package org.clnorm.example.train;

import java.util.Random;
import org.clnorm.tensor.Tensor;
import org.jocl.cl_mem;

/** Images on the device, from where batches are picked without the host. */
final class Dataset {
    static final String SOURCE = """
            // a pixel a work-item; goes round where the images end
            kernel void pick(global const float *pixels, global const int *labels, global const int *order, int count,
                             int size, int first, global float *x, global int *y)
            {
                int n = get_global_id(0) / size, pixel = get_global_id(0) % size;
                int image = order[(first + n) % count];
                x[get_global_id(0)] = pixels[(size_t)image * size + pixel];
                if (pixel == 0)
                    y[n] = labels[image];
            }
            """;
    private static final int FIRST = 5;

    private final Ops ops;
    private final int count;
    private final cl_mem order;
    private final Tensor x;
    private final Ops.Call pick;

    /**
     * Copies images to the device.
     *
     * @param x where a batch of them goes, [N, H, W, 1]
     * @param y where their labels go
     */
    Dataset(Ops ops, Images images, Tensor x, cl_mem y) {
        this.ops = ops;
        this.x = x;
        count = images.count();
        order = ops.ints(count);
        cl_mem labels = ops.ints(count);
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = images.labels()[i];
        }
        ops.write(labels, numbers);
        int size = images.height() * images.width();
        Tensor pixels = ops.tensor(count, size).write(images.pixels());
        pick = ops.call(SOURCE, "pick", x.size(), pixels, labels, order, count, size, 0, x, y);
        order(inOrder(count));
    }

    int count() {
        return count;
    }

    /** Decides which images come first. */
    void order(int... images) {
        ops.write(order, images);
    }

    /** Picks the batch that begins with the so-manieth image of the order. */
    void load(int first) {
        pick.set(FIRST, first);
        pick.run(x);
    }

    private static int[] inOrder(int count) {
        int[] images = new int[count];
        for (int i = 0; i < count; i++) {
            images[i] = i;
        }
        return images;
    }

    /** The order in which images are learned from in an epoch, the first of which is 0. */
    static int[] shuffled(long seed, int epoch, int count) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L + epoch);
        int[] images = inOrder(count);
        for (int i = count - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int image = images[i];
            images[i] = images[other];
            images[other] = image;
        }
        return images;
    }
}
