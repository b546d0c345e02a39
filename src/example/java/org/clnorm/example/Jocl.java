package org.clnorm.example;

import static org.jocl.CL.*;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/**
 * The OpenCL objects of a program that works with JOCL itself; nothing here knows of this library. It counts on JOCL's
 * exceptions, which the program enables.
 */
final class Jocl implements AutoCloseable {
    /** {@code CL_DEVICE_TYPE_ALL} as 64 bits: JOCL's constant is sign-extended, which some drivers refuse. */
    private static final long ANY = 0xFFFFFFFFL;

    private final cl_device_id device;
    private final cl_context context;
    private final Deque<Runnable> releases = new ArrayDeque<>();
    private cl_program program;

    /** A kernel whose arguments are set, and how many work-items run it. */
    record Call(cl_kernel kernel, long[] items) {
        void enqueue(cl_command_queue queue) {
            clEnqueueNDRangeKernel(queue, kernel, 1, null, items, null, 0, null, null);
        }
    }

    /**
     * A context of a device.
     *
     * @param platform the index of its platform
     * @param index    its index among the platform's devices
     */
    Jocl(int platform, int index) {
        cl_platform_id[] platforms = new cl_platform_id[platform + 1];
        clGetPlatformIDs(platforms.length, platforms, null);
        cl_device_id[] devices = new cl_device_id[index + 1];
        clGetDeviceIDs(platforms[platform], ANY, devices.length, devices, null);
        device = devices[index];
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL_CONTEXT_PLATFORM, platforms[platform]);
        context = clCreateContext(properties, 1, new cl_device_id[] {device}, null, null, null);
        releases.push(() -> clReleaseContext(context));
    }

    cl_device_id device() {
        return device;
    }

    cl_context context() {
        return context;
    }

    @SuppressWarnings("deprecation") // what comes after it needs OpenCL 2.0
    cl_command_queue queue() {
        cl_command_queue queue = clCreateCommandQueue(context, device, 0, null);
        releases.push(() -> clReleaseCommandQueue(queue));
        return queue;
    }

    void build(String source) {
        program = clCreateProgramWithSource(context, 1, new String[] {source}, null, null);
        releases.push(() -> clReleaseProgram(program));
        clBuildProgram(program, 0, null, "", null, null);
    }

    cl_mem buffer(float... values) {
        cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                (long) values.length * Sizeof.cl_float, Pointer.to(values), null);
        releases.push(() -> clReleaseMemObject(buffer));
        return buffer;
    }

    /** A kernel with its arguments: buffers, ints and floats, in the kernel's order. */
    Call call(long items, String name, Object... arguments) {
        cl_kernel kernel = clCreateKernel(program, name, null);
        releases.push(() -> clReleaseKernel(kernel));
        for (int i = 0; i < arguments.length; i++) {
            Object argument = arguments[i];
            if (argument instanceof cl_mem memory) {
                clSetKernelArg(kernel, i, Sizeof.cl_mem, Pointer.to(memory));
            } else if (argument instanceof Integer number) {
                clSetKernelArg(kernel, i, Sizeof.cl_int, Pointer.to(new int[] {number}));
            } else {
                clSetKernelArg(kernel, i, Sizeof.cl_float, Pointer.to(new float[] {(Float) argument}));
            }
        }
        return new Call(kernel, new long[] {items});
    }

    /** Copies from one buffer to another after some events; the event it gives is the caller's to release. */
    static cl_event copy(cl_command_queue queue, cl_mem from, long floats, cl_mem to, long count, cl_event... after) {
        cl_event done = new cl_event();
        clEnqueueCopyBuffer(queue, from, to, floats * Sizeof.cl_float, 0, count * Sizeof.cl_float, after.length,
                after.length == 0 ? null : after, done);
        return done;
    }

    /** Waits for the queue and copies a buffer to the host. */
    static float[] read(cl_command_queue queue, cl_mem buffer, int count) {
        float[] values = new float[count];
        clEnqueueReadBuffer(queue, buffer, true, 0, (long) count * Sizeof.cl_float, Pointer.to(values), 0, null, null);
        return values;
    }

    /** Releases everything, what was made last first. */
    @Override
    public void close() {
        while (!releases.isEmpty()) {
            releases.pop().run();
        }
    }
}
