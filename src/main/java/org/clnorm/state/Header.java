package org.clnorm.state;

import java.util.List;
import java.util.Map;

/** What the header of a file says: the tensors in the order of their data, and the metadata. */
record Header(List<TensorEntry> entries, Map<String, String> metadata) {
}
