package org.clnorm.example.train;

import java.util.ArrayList;
import java.util.List;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.sync.Collective;

/**
 * Sums gradients over ranks while those of earlier layers are still being computed: they leave in buckets, in the order
 * in which a backward pass makes them. A bucket's sums begin when the layer after its last one is enqueued, so that the
 * device has work while the host waits for the bucket. All calls to the collective come in the same order on all ranks,
 * whatever is done first, as it must be.
 */
final class GradientSums {
    private static final double NANOS = 1e9;

    private final Collective ranks;
    private final List<Bucket> buckets = new ArrayList<>();
    private int fetched;
    private int begun;
    private long waited;

    /** For layers in the order of a backward pass. */
    GradientSums(OpenClDevice device, DataParallel parallel, List<Layer> layers) {
        ranks = parallel.ranks();
        if (ranks.size() == 1) {
            return; // its gradients are the sums
        }
        List<Weight> open = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            open.addAll(layers.get(i).weights());
            long bytes = open.stream().mapToLong(weight -> weight.value().size() * Float.BYTES).sum();
            if (bytes >= parallel.bucketBytes() || i == layers.size() - 1 && bytes > 0) {
                buckets.add(new Bucket(device, open, layers.get(i)));
                open.clear();
            }
        }
    }

    /** The backward pass of a layer was enqueued. */
    void ready(Layer layer) {
        begin();
        if (fetched < buckets.size() && buckets.get(fetched).isThereAfter(layer)) {
            buckets.get(fetched).fetch();
            fetched++;
        }
    }

    private void begin() {
        for (; begun < fetched; begun++) {
            buckets.get(begun).begin(ranks);
        }
    }

    /** The whole backward pass was enqueued: puts the sums in the gradients' place. */
    void finish() {
        begin();
        for (Bucket bucket : buckets) {
            long now = System.nanoTime();
            bucket.await();
            waited += System.nanoTime() - now;
            bucket.store();
        }
        fetched = 0;
        begun = 0;
    }

    /** How long sums were waited for so far, in seconds. */
    double waited() {
        return waited / NANOS;
    }
}
