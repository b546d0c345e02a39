package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.Deque;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceRequest;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_buffer_region;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;

/** What a program makes that works with JOCL itself; frees it at the end. */
final class Bare implements AutoCloseable {
    final cl_platform_id platform;
    final cl_device_id device;
    final cl_context context;
    final cl_command_queue queue;
    private final Deque<Runnable> ends = new ArrayDeque<>();

    /** A context of the first OpenCL device, and a queue, out of order if so wanted and the device has such queues. */
    Bare(boolean unordered) {
        DeviceInfo info = org.clnorm.TestDevices.openCl().get(0);
        String[] indices = info.selector().split(":");
        cl_platform_id[] platforms = new cl_platform_id[Integer.parseInt(indices[1]) + 1];
        ok(CL.clGetPlatformIDs(platforms.length, platforms, null));
        platform = platforms[platforms.length - 1];
        cl_device_id[] devices = new cl_device_id[Integer.parseInt(indices[2]) + 1];
        ok(CL.clGetDeviceIDs(platform, 0xFFFFFFFFL, devices.length, devices, null));
        device = devices[devices.length - 1];
        context = context();
        queue = queue(unordered);
    }

    static void ok(int status) {
        assertEquals(CL.CL_SUCCESS, status, () -> CL.stringFor_errorCode(status));
    }

    /** Another context of the same device. */
    cl_context context() {
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL.CL_CONTEXT_PLATFORM, platform);
        int[] status = new int[1];
        cl_context made = CL.clCreateContext(properties, 1, new cl_device_id[] {device}, null, null, status);
        ok(status[0]);
        ends.push(() -> ok(CL.clReleaseContext(made)));
        return made;
    }

    cl_command_queue queue(boolean unordered) {
        return queue(context, unordered);
    }

    @SuppressWarnings("deprecation") // its successor is OpenCL 2.0
    cl_command_queue queue(cl_context of, boolean unordered) {
        int[] status = new int[1];
        long[] able = new long[1];
        ok(CL.clGetDeviceInfo(device, CL.CL_DEVICE_QUEUE_PROPERTIES, Sizeof.cl_ulong, Pointer.to(able), null));
        cl_command_queue made = CL.clCreateCommandQueue(of, device,
                unordered ? CL.CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE & able[0] : 0, status);
        ok(status[0]);
        ends.push(() -> ok(CL.clReleaseCommandQueue(made)));
        return made;
    }

    /** A buffer of this context with these contents. */
    cl_mem buffer(byte[] contents, long flags) {
        int[] status = new int[1];
        cl_mem made = CL.clCreateBuffer(context, flags | CL.CL_MEM_COPY_HOST_PTR, contents.length,
                Pointer.to(contents), status);
        ok(status[0]);
        ends.push(() -> ok(CL.clReleaseMemObject(made)));
        return made;
    }

    cl_mem part(cl_mem buffer, long origin, long bytes) {
        int[] status = new int[1];
        cl_mem made = CL.clCreateSubBuffer(buffer, 0, CL.CL_BUFFER_CREATE_TYPE_REGION,
                new cl_buffer_region(origin, bytes), status);
        ok(status[0]);
        ends.push(() -> ok(CL.clReleaseMemObject(made)));
        return made;
    }

    cl_event userEvent() {
        int[] status = new int[1];
        cl_event made = CL.clCreateUserEvent(context, status);
        ok(status[0]);
        ends.push(() -> ok(CL.clReleaseEvent(made)));
        return made;
    }

    /** All bytes of a buffer; waits for the queue. */
    byte[] read(cl_mem buffer) {
        ok(CL.clFinish(queue));
        byte[] contents = new byte[(int) number(buffer, CL.CL_MEM_SIZE)];
        ok(CL.clEnqueueReadBuffer(queue, buffer, true, 0, contents.length, Pointer.to(contents), 0, null, null));
        return contents;
    }

    static long number(cl_mem buffer, int info) {
        long[] value = new long[1];
        ok(CL.clGetMemObjectInfo(buffer, info, Sizeof.cl_ulong, Pointer.to(value), null));
        return value[0];
    }

    /** How often context and queue are referred to. */
    String references() {
        int[] value = new int[2];
        ok(CL.clGetContextInfo(context, CL.CL_CONTEXT_REFERENCE_COUNT, Sizeof.cl_uint,
                Pointer.to(value).withByteOffset(0), null));
        ok(CL.clGetCommandQueueInfo(queue, CL.CL_QUEUE_REFERENCE_COUNT, Sizeof.cl_uint,
                Pointer.to(value).withByteOffset(Sizeof.cl_uint), null));
        return value[0] + " of the context, " + value[1] + " of the queue";
    }

    /** Bytes that sub-buffers are aligned to. */
    long alignment() {
        long[] bits = new long[1];
        ok(CL.clGetDeviceInfo(device, CL.CL_DEVICE_MEM_BASE_ADDR_ALIGN, Sizeof.cl_uint, Pointer.to(bits), null));
        return bits[0] / 8;
    }

    OpenClDevice wrap(Ledger ledger, String kernels) {
        return wrap(ledger, queue, kernels);
    }

    OpenClDevice wrap(Ledger ledger, cl_command_queue on, String kernels) {
        return new OpenClProvider(new Setup(FaultPlan.NONE, ledger, System.getenv()))
                .wrap(context, device, on, DeviceRequest.of("opencl").withKernels(kernels));
    }

    @Override
    public void close() {
        ends.forEach(Runnable::run);
    }
}
