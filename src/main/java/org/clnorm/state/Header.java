package org.clnorm.state;

import java.util.List;
import java.util.Map;

/**
 * What the header of a safetensors file says.
 *
 * @param entries  the tensors, in the order of their data
 * @param metadata text about them by key, as the file has it
 */
public record Header(List<TensorEntry> entries, Map<String, String> metadata) {
    /**
     * The size of all tensors' data.
     *
     * @return the size in bytes
     */
    public long dataSize() {
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).end();
    }
}
