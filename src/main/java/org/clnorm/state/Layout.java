package org.clnorm.state;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Whether the entries of a header fit together: the tensors must fill the data exactly, without hole or overlap. */
final class Layout {
    private static final Comparator<TensorEntry> BY_OFFSETS =
            Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end);

    private Layout() {
    }

    /** The header with its entries in the order of their data, if they fill so many bytes exactly. */
    static Header check(String file, Header header, long dataLength) {
        List<TensorEntry> sorted = new ArrayList<>(header.entries());
        sorted.sort(BY_OFFSETS);
        long end = 0;
        for (TensorEntry entry : sorted) {
            if (entry.begin() != end || entry.end() < entry.begin()) {
                throw fault(file, entry, "expected data_offsets from " + end + " on without hole or overlap, got "
                        + entry.begin() + " to " + entry.end());
            }
            end = entry.end();
            checkSize(file, entry, dataLength);
        }
        if (end != dataLength) {
            throw new CheckpointException(file,
                    "the tensors end after " + end + " bytes of data, the file holds " + dataLength);
        }
        return new Header(sorted, header.metadata());
    }

    private static void checkSize(String file, TensorEntry entry, long dataLength) {
        long size = size(file, entry);
        if (size != entry.size()) {
            throw fault(file, entry, "expected " + size + " bytes for its shape and type, got " + entry.size());
        }
        if (entry.end() > dataLength) {
            throw fault(file, entry,
                    "its data end at " + entry.end() + ", the file holds " + dataLength + " bytes of data");
        }
    }

    /** Throws if the tensor's bytes are more than an array can hold. */
    static void checkFitsArray(String file, TensorEntry entry) {
        if (entry.size() > HostTensor.MAX_BYTES) {
            throw fault(file, entry,
                    "expected at most " + HostTensor.MAX_BYTES + " bytes (a Java array), got " + entry.size());
        }
    }

    private static long size(String file, TensorEntry entry) {
        try {
            return entry.type().byteSize(entry.shape());
        } catch (IllegalArgumentException e) {
            throw fault(file, entry, e.getMessage());
        }
    }

    private static CheckpointException fault(String file, TensorEntry entry, String fault) {
        return new CheckpointException(file, "tensor " + Text.quote(entry.name()) + ": " + fault);
    }
}
