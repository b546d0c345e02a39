package org.clnorm.state;

/**
 * One tensor as the header of a file describes it.
 *
 * @param name  its name
 * @param type  the type of its elements
 * @param shape the sizes of the dimensions; none for a single value
 * @param begin where its data begin, in bytes after the header
 * @param end   where its data end
 */
public record TensorEntry(String name, ElementType type, long[] shape, long begin, long end) {
    /**
     * Takes a copy of the shape.
     *
     * @param name  its name
     * @param type  the type of its elements
     * @param shape the sizes of the dimensions
     * @param begin where its data begin
     * @param end   where its data end
     */
    public TensorEntry {
        shape = shape.clone();
    }

    /**
     * The sizes of the dimensions.
     *
     * @return a new array
     */
    @Override
    public long[] shape() {
        return shape.clone();
    }

    /**
     * The size of its data.
     *
     * @return the size in bytes
     */
    public long size() {
        return end - begin;
    }
}
