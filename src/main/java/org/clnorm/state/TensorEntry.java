package org.clnorm.state;

/**
 * One tensor as the header of a file describes it: its data are the bytes from begin up to end, counted after the
 * header.
 */
record TensorEntry(String name, ElementType type, long[] shape, long begin, long end) {
    long size() {
        return end - begin;
    }
}
