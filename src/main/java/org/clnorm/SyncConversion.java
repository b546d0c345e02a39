package org.clnorm;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.clnorm.sync.Collective;
import org.clnorm.tensor.Cleanup;

/** Makes synchronized layers of batch normalization, each once. */
final class SyncConversion {
    private final Collective collective;
    private final Map<NormLayer, NormLayer> converted = new IdentityHashMap<>();

    SyncConversion(Collective collective) {
        this.collective = Objects.requireNonNull(collective, "collective");
    }

    LayerTree of(LayerTree layers) {
        List<NormLayer> made = of(List.copyOf(layers.layers().values()));
        Map<String, NormLayer> named = new LinkedHashMap<>();
        layers.layers().keySet().forEach(name -> named.put(name, made.get(named.size())));
        return LayerTree.of(named);
    }

    List<NormLayer> of(List<? extends NormLayer> layers) {
        try {
            List<NormLayer> made = new ArrayList<>();
            for (NormLayer layer : layers) {
                made.add(of(layer));
            }
            return made;
        } catch (RuntimeException failed) {
            converted.values().forEach(made -> Cleanup.after(failed, made::close));
            throw failed;
        }
    }

    private NormLayer of(NormLayer layer) {
        if (!(layer instanceof BatchNorm batch) || layer instanceof SyncBatchNorm) {
            return layer;
        }
        NormLayer known = converted.get(layer);
        return known != null ? known : batch.alone(() -> copy(batch));
    }

    private SyncBatchNorm copy(BatchNorm layer) {
        layer.checkOpen();
        BatchNormBuilder<SyncBatchNorm> options = SyncBatchNorm.builder(layer.numFeatures(), collective);
        layer.describeTo(options);
        SyncBatchNorm copy = options.build();
        converted.put(layer, copy);
        copy.loadStateDict(layer.state().save());
        copy.takeOver(layer);
        return copy;
    }
}
