package org.clnorm.state;

/** What the header of a {@code .npy} file says of the data that follows it. */
record NpyHeader(ElementType type, boolean bigEndian, boolean fortranOrder, long[] shape) {
}
