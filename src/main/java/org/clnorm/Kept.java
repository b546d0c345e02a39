package org.clnorm;

import org.clnorm.tensor.Storage;
import org.clnorm.tensor.Tensor;

/**
 * A tensor kept for the backward pass, and the version it had. Its owner may close it meanwhile: the memory is held.
 */
final class Kept {
    private final String name;
    private Tensor tensor;
    private Storage memory;
    private long version;

    Kept(String name) {
        this.name = name;
    }

    /** Holds a tensor's memory; null for none. */
    void hold(Tensor wanted) {
        tensor = wanted;
        if (wanted != null) {
            memory = wanted.storage();
            memory.retain();
            version = memory.version();
        }
    }

    /** The tensor, perhaps closed by now; null if there is none. */
    Tensor tensor() {
        return tensor;
    }

    void checkUnchanged() {
        if (tensor != null && memory.version() != version) {
            throw new IllegalStateException("expected " + name
                    + " as it was in the forward pass, got one that was written since");
        }
    }

    void release() {
        if (tensor != null && !tensor.device().isClosed()) {
            memory.release();
        }
        memory = null;
    }
}
