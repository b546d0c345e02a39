package org.clnorm.example.train;

import static org.jocl.CL.*;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_program;

/**
 * What a network has on a device beside its normalization layers: tensors, buffers, and kernels of its own, which run
 * on the queue of the library's device and so in the order of the calls. Closing gives all of it back.
 */
final class Ops implements AutoCloseable {
    private final OpenClDevice device;
    private final Map<String, cl_program> programs = new HashMap<>();
    private final Deque<Runnable> releases = new ArrayDeque<>();

    Ops(OpenClDevice device) {
        this.device = device;
    }

    OpenClDevice device() {
        return device;
    }

    /** A tensor of zeros, until these are closed. */
    Tensor tensor(long... dims) {
        Tensor tensor = device.unscoped(DataType.F32, Shape.of(dims));
        releases.push(tensor::close);
        return tensor.fill(0);
    }

    /** A tensor and its gradient. */
    Variable variable(long... dims) {
        return new Variable(tensor(dims), tensor(dims));
    }

    /** A buffer for so many ints. */
    cl_mem ints(int count) {
        int[] status = new int[1];
        cl_mem buffer = clCreateBuffer(device.context(), CL_MEM_READ_WRITE, Math.max(1L, count) * Sizeof.cl_int, null,
                status);
        check(status[0], "a buffer of " + count + " ints");
        releases.push(() -> clReleaseMemObject(buffer));
        return buffer;
    }

    /** Overwrites the first ints of a buffer, after all that was enqueued before. */
    void write(cl_mem buffer, int... values) {
        check(clEnqueueWriteBuffer(device.queue(), buffer, true, 0, (long) values.length * Sizeof.cl_int,
                Pointer.to(values), 0, null, null), "a write");
    }

    /** The first ints of a buffer, when all is done that was enqueued before. */
    int[] read(cl_mem buffer, int count) {
        int[] values = new int[count];
        check(clEnqueueReadBuffer(device.queue(), buffer, true, 0, (long) count * Sizeof.cl_int, Pointer.to(values), 0,
                null, null), "a read");
        return values;
    }

    /**
     * A kernel whose arguments are set, ready to be enqueued again and again. Over no work-items it does nothing.
     *
     * @param source    OpenCL C, compiled when it comes first
     * @param name      the kernel in it
     * @param items     how many work-items, up to three dimensions
     * @param arguments tensors, buffers, ints and floats, in the kernel's order
     */
    Call call(String source, String name, long[] items, Object... arguments) {
        int[] status = new int[1];
        cl_kernel kernel = clCreateKernel(programs.computeIfAbsent(source, this::build), name, status);
        check(status[0], name);
        releases.push(() -> clReleaseKernel(kernel));
        Call call = new Call(device, name, kernel, items);
        for (int i = 0; i < arguments.length; i++) {
            call.set(i, arguments[i]);
        }
        return call;
    }

    /** As {@link #call(String, String, long[], Object...)}, in one dimension. */
    Call call(String source, String name, long items, Object... arguments) {
        return call(source, name, new long[] {items}, arguments);
    }

    private cl_program build(String source) {
        int[] status = new int[1];
        cl_program program = clCreateProgramWithSource(device.context(), 1, new String[] {source}, null, status);
        check(status[0], "a program");
        releases.push(() -> clReleaseProgram(program));
        check(clBuildProgram(program, 0, null, "", null, null), "the compiler");
        return program;
    }

    /** Throws if a call to OpenCL failed, which says so by its result unless JOCL's exceptions are enabled. */
    static void check(int status, String what) {
        if (status != CL_SUCCESS) {
            throw new CLException(what + " failed: " + stringFor_errorCode(status), status);
        }
    }

    /** A kernel with its arguments. */
    static final class Call {
        private final OpenClDevice device;
        private final String name;
        private final cl_kernel kernel;
        private final long[] items;

        private Call(OpenClDevice device, String name, cl_kernel kernel, long[] items) {
            this.device = device;
            this.name = name;
            this.kernel = kernel;
            this.items = items;
        }

        /** Changes an argument for the times to come. */
        void set(int index, Object argument) {
            int status;
            if (argument instanceof Tensor tensor) {
                // an empty tensor has no memory
                status = clSetKernelArg(kernel, index, Sizeof.cl_mem,
                        tensor.size() == 0 ? null : Pointer.to(device.memory(tensor)));
            } else if (argument instanceof cl_mem memory) {
                status = clSetKernelArg(kernel, index, Sizeof.cl_mem, Pointer.to(memory));
            } else if (argument instanceof Integer number) {
                status = clSetKernelArg(kernel, index, Sizeof.cl_int, Pointer.to(new int[] {number}));
            } else {
                status = clSetKernelArg(kernel, index, Sizeof.cl_float, Pointer.to(new float[] {(Float) argument}));
            }
            check(status, "argument " + index + " of " + name);
        }

        /** Enqueues it, and notes which tensors it writes: layers that need their former values can tell. */
        void run(Tensor... written) {
            if (Arrays.stream(items).anyMatch(count -> count == 0)) {
                return;
            }
            check(clEnqueueNDRangeKernel(device.queue(), kernel, items.length, null, items, null, 0, null, null), name);
            for (Tensor tensor : written) {
                device.wrote(tensor);
            }
        }
    }

    @Override
    public void close() {
        while (!releases.isEmpty()) {
            releases.pop().run();
        }
    }
}
