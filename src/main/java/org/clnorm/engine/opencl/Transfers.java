package org.clnorm.engine.opencl;

import org.jocl.cl_mem;

/** Copies between host arrays and device memory that holds elements of one type; all but fill wait. */
interface Transfers {
    void read(cl_mem memory, long from, float[] into, int offset, int length);

    void read(cl_mem memory, long from, double[] into, int offset, int length);

    void write(cl_mem memory, long to, float[] values, int offset, int length);

    void write(cl_mem memory, long to, double[] values, int offset, int length);

    void fill(cl_mem memory, long from, double value, long elements);
}
