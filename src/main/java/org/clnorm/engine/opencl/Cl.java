package org.clnorm.engine.opencl;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.clnorm.engine.opencl.Ledger.Kind;
import org.clnorm.tensor.DeviceException;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_buffer_region;
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
 * The one seam through which every OpenCL call goes. Checks the status of each, counts what is made and released, and
 * lets tests make any call fail. JOCL's switch between status codes and exceptions belongs to the host program, so both
 * are understood.
 */
final class Cl {
    /** {@code CL.CL_DEVICE_TYPE_ALL} is sign-extended to 64 bits, which some drivers refuse. */
    private static final long ALL_DEVICES = 0xFFFFFFFFL;

    private final FaultPlan faults;
    private final CallCounts counts;
    private final Ledger ledger;
    private final String device;

    Cl(FaultPlan faults, Ledger ledger) {
        this(faults, new CallCounts(), ledger, "");
    }

    private Cl(FaultPlan faults, CallCounts counts, Ledger ledger, String device) {
        this.faults = faults;
        this.counts = counts;
        this.ledger = ledger;
        this.device = device;
    }

    /** The same seam, whose errors name a device. */
    Cl on(String name) {
        return new Cl(faults, counts, ledger, name);
    }

    /** What was called so far, by all seams of a device's life. */
    CallCounts counts() {
        return counts;
    }

    // ---- platforms and devices

    cl_platform_id[] platforms() {
        int[] count = new int[1];
        call("clGetPlatformIDs", () -> CL.clGetPlatformIDs(0, null, count));
        cl_platform_id[] platforms = new cl_platform_id[count[0]];
        if (count[0] > 0) {
            call("clGetPlatformIDs", () -> CL.clGetPlatformIDs(platforms.length, platforms, null));
        }
        return platforms;
    }

    String platformText(cl_platform_id platform, int info) {
        return text("clGetPlatformInfo", (size, value) -> CL.clGetPlatformInfo(platform, info, capacity(value),
                pointer(value), size));
    }

    /** The devices of a platform; none is no error. */
    cl_device_id[] devices(cl_platform_id platform) {
        int[] count = new int[1];
        call("clGetDeviceIDs", () -> {
            int status = CL.clGetDeviceIDs(platform, ALL_DEVICES, 0, null, count);
            return status == CL.CL_DEVICE_NOT_FOUND ? CL.CL_SUCCESS : status;
        });
        cl_device_id[] devices = new cl_device_id[count[0]];
        if (count[0] > 0) {
            call("clGetDeviceIDs", () -> CL.clGetDeviceIDs(platform, ALL_DEVICES, devices.length, devices, null));
        }
        return devices;
    }

    String deviceText(cl_device_id id, int info) {
        return text("clGetDeviceInfo", (size, value) -> CL.clGetDeviceInfo(id, info, capacity(value), pointer(value),
                size));
    }

    /** A number of 4 or 8 bytes; the hosts that OpenCL runs on are little-endian. */
    long deviceNumber(cl_device_id id, int info) {
        long[] value = new long[1];
        call("clGetDeviceInfo", () -> CL.clGetDeviceInfo(id, info, Sizeof.cl_ulong, Pointer.to(value), null));
        return value[0];
    }

    // ---- context, queue

    cl_context createContext(cl_platform_id platform, cl_device_id id) {
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL.CL_CONTEXT_PLATFORM, platform);
        return create(Kind.CONTEXT, "clCreateContext", "", status -> CL.clCreateContext(properties, 1,
                new cl_device_id[] {id}, null, null, status));
    }

    /** Holds a context of somebody else's; given back by {@link #release(cl_context)}. */
    void retain(cl_context context) {
        call("clRetainContext", () -> CL.clRetainContext(context));
        ledger.made(Kind.CONTEXT);
    }

    /** The handles of a context's devices. */
    long[] contextDevices(cl_context context) {
        long[] bytes = new long[1];
        call("clGetContextInfo", () -> CL.clGetContextInfo(context, CL.CL_CONTEXT_DEVICES, 0, null, bytes));
        long[] handles = new long[Math.toIntExact(bytes[0] / Sizeof.POINTER)];
        call("clGetContextInfo",
                () -> CL.clGetContextInfo(context, CL.CL_CONTEXT_DEVICES, bytes[0], Pointer.to(handles), null));
        return handles;
    }

    void release(cl_context context) {
        release(Kind.CONTEXT, "clReleaseContext", () -> CL.clReleaseContext(context));
    }

    /** An in-order queue. */
    @SuppressWarnings("deprecation") // its successor is OpenCL 2.0
    cl_command_queue createQueue(cl_context context, cl_device_id id, boolean profiling) {
        long properties = profiling ? CL.CL_QUEUE_PROFILING_ENABLE : 0;
        return create(Kind.QUEUE, "clCreateCommandQueue", "",
                status -> CL.clCreateCommandQueue(context, id, properties, status));
    }

    /** Holds a queue of somebody else's; given back by {@link #release(cl_command_queue)}. */
    void retain(cl_command_queue queue) {
        call("clRetainCommandQueue", () -> CL.clRetainCommandQueue(queue));
        ledger.made(Kind.QUEUE);
    }

    /** A handle, or a number of 4 or 8 bytes. */
    long queueNumber(cl_command_queue queue, int info) {
        long[] value = new long[1];
        call("clGetCommandQueueInfo",
                () -> CL.clGetCommandQueueInfo(queue, info, Sizeof.cl_ulong, Pointer.to(value), null));
        return value[0];
    }

    void release(cl_command_queue queue) {
        release(Kind.QUEUE, "clReleaseCommandQueue", () -> CL.clReleaseCommandQueue(queue));
    }

    void flush(cl_command_queue queue) {
        call("clFlush", () -> CL.clFlush(queue));
    }

    /** What is enqueued later begins after all that was enqueued before. As a launch, this makes no objects. */
    void barrier(cl_command_queue queue) {
        int status = injected("clEnqueueBarrierWithWaitList");
        if (status == CL.CL_SUCCESS) {
            try {
                status = CL.clEnqueueBarrierWithWaitList(queue, 0, null, null);
            } catch (CLException thrown) {
                status = thrown.getStatus();
            }
        }
        if (status != CL.CL_SUCCESS) {
            throw failure("clEnqueueBarrierWithWaitList", status, "");
        }
    }

    /** What is enqueued later begins after these events, of which there is at least one; {@code own} is its own. */
    void barrier(cl_command_queue queue, cl_event[] events, cl_event own) {
        call("clEnqueueBarrierWithWaitList",
                () -> CL.clEnqueueBarrierWithWaitList(queue, events.length, events, own));
        ledger.made(Kind.EVENT);
    }

    /** An event for all that was enqueued before. */
    cl_event marker(cl_command_queue queue) {
        cl_event event = new cl_event();
        call("clEnqueueMarkerWithWaitList", () -> CL.clEnqueueMarkerWithWaitList(queue, 0, null, event));
        ledger.made(Kind.EVENT);
        return event;
    }

    /** Notes that an event is somebody else's from now on. */
    cl_event handedOver(cl_event event) {
        ledger.released(Kind.EVENT);
        return event;
    }

    void finish(cl_command_queue queue) {
        counts.waited();
        call("clFinish", () -> CL.clFinish(queue));
    }

    // ---- buffers

    cl_mem createBuffer(cl_context context, long bytes) {
        counts.allocated();
        return create(Kind.BUFFER, "clCreateBuffer", bytes + " bytes",
                status -> CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, bytes, null, status));
    }

    /** A part of a buffer; it holds the buffer. */
    cl_mem createSubBuffer(cl_mem buffer, long origin, long bytes) {
        return create(Kind.BUFFER, "clCreateSubBuffer", bytes + " bytes from " + origin,
                status -> CL.clCreateSubBuffer(buffer, 0, CL.CL_BUFFER_CREATE_TYPE_REGION,
                        new cl_buffer_region(origin, bytes), status));
    }

    /** Holds a buffer of somebody else's; given back by {@link #release(cl_mem)}. */
    void retain(cl_mem buffer) {
        call("clRetainMemObject", () -> CL.clRetainMemObject(buffer));
        ledger.made(Kind.BUFFER);
    }

    /** A handle, an address, or a number of 4 or 8 bytes. */
    long memoryNumber(cl_mem memory, int info) {
        long[] value = new long[1];
        call("clGetMemObjectInfo",
                () -> CL.clGetMemObjectInfo(memory, info, Sizeof.cl_ulong, Pointer.to(value), null));
        return value[0];
    }

    /** The buffer that a sub-buffer is a part of; null for one that is no sub-buffer. */
    cl_mem parent(cl_mem buffer) {
        cl_mem parent = new cl_mem();
        call("clGetMemObjectInfo", () -> CL.clGetMemObjectInfo(buffer, CL.CL_MEM_ASSOCIATED_MEMOBJECT, Sizeof.cl_mem,
                Pointer.to(parent), null));
        return parent.getNativePointer() == 0 ? null : parent;
    }

    void release(cl_mem buffer) {
        release(Kind.BUFFER, "clReleaseMemObject", () -> CL.clReleaseMemObject(buffer));
    }

    void read(cl_command_queue queue, cl_mem buffer, long offset, long bytes, Pointer into) {
        counts.waited();
        call("clEnqueueReadBuffer",
                () -> CL.clEnqueueReadBuffer(queue, buffer, true, offset, bytes, into, 0, null, null));
    }

    void write(cl_command_queue queue, cl_mem buffer, long offset, long bytes, Pointer from) {
        counts.waited();
        call("clEnqueueWriteBuffer",
                () -> CL.clEnqueueWriteBuffer(queue, buffer, true, offset, bytes, from, 0, null, null));
    }

    /** Fills a part of a buffer; {@code event} may be null. */
    void fill(cl_command_queue queue, cl_mem buffer, Pointer pattern, int patternBytes, long offset, long bytes,
            cl_event event) {
        call("clEnqueueFillBuffer",
                () -> CL.clEnqueueFillBuffer(queue, buffer, pattern, patternBytes, offset, bytes, 0, null, event));
        if (event != null) {
            ledger.made(Kind.EVENT);
        }
    }

    // ---- programs and kernels

    cl_program createProgram(cl_context context, String name, String source) {
        return create(Kind.PROGRAM, "clCreateProgramWithSource", name,
                status -> CL.clCreateProgramWithSource(context, 1, new String[] {source}, null, status));
    }

    cl_program createProgram(cl_context context, cl_device_id id, String name, byte[] binary) {
        return create(Kind.PROGRAM, "clCreateProgramWithBinary", name,
                status -> CL.clCreateProgramWithBinary(context, 1, new cl_device_id[] {id},
                        new long[] {binary.length}, new byte[][] {binary}, new int[1], status));
    }

    void build(cl_program program, cl_device_id id, String name, String options) {
        int status = attempt("clBuildProgram", () -> CL.clBuildProgram(program, 1, new cl_device_id[] {id}, options,
                null, null));
        if (status != CL.CL_SUCCESS) {
            throw failure("clBuildProgram", status, name + " with '" + options + "', build log:\n" + log(program, id));
        }
    }

    private String log(cl_program program, cl_device_id id) {
        try {
            return text("clGetProgramBuildInfo", (size, value) -> CL.clGetProgramBuildInfo(program, id,
                    CL.CL_PROGRAM_BUILD_LOG, capacity(value), pointer(value), size)).strip();
        } catch (DeviceException none) {
            return "not to be had: " + none.getMessage();
        }
    }

    byte[] binary(cl_program program) {
        long[] size = new long[1];
        call("clGetProgramInfo", () -> CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARY_SIZES, Sizeof.size_t,
                Pointer.to(size), null));
        byte[] binary = new byte[Math.toIntExact(size[0])];
        call("clGetProgramInfo", () -> CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARIES, Sizeof.POINTER,
                Pointer.to(Pointer.to(binary)), null));
        return binary;
    }

    void release(cl_program program) {
        release(Kind.PROGRAM, "clReleaseProgram", () -> CL.clReleaseProgram(program));
    }

    cl_kernel createKernel(cl_program program, String name) {
        return create(Kind.KERNEL, "clCreateKernel", name, status -> CL.clCreateKernel(program, name, status));
    }

    void release(cl_kernel kernel) {
        release(Kind.KERNEL, "clReleaseKernel", () -> CL.clReleaseKernel(kernel));
    }

    /** Sets an argument. As the launch, this is called in every pass, so it makes no objects. */
    void argument(cl_kernel kernel, int index, long bytes, Pointer value) {
        counts.argument();
        int status = injected("clSetKernelArg");
        if (status == CL.CL_SUCCESS) {
            try {
                status = CL.clSetKernelArg(kernel, index, bytes, value);
            } catch (CLException thrown) {
                status = thrown.getStatus();
            }
        }
        if (status != CL.CL_SUCCESS) {
            throw failure("clSetKernelArg", status, "");
        }
    }

    /** Launches a kernel of one dimension; {@code event} may be null. */
    void launch(cl_command_queue queue, cl_kernel kernel, String name, long[] global, long[] local, cl_event event) {
        counts.launched();
        int status = injected("clEnqueueNDRangeKernel");
        if (status == CL.CL_SUCCESS) {
            try {
                status = CL.clEnqueueNDRangeKernel(queue, kernel, 1, null, global, local, 0, null, event);
            } catch (CLException thrown) {
                status = thrown.getStatus();
            }
        }
        if (status != CL.CL_SUCCESS) {
            throw failure("clEnqueueNDRangeKernel", status,
                    name + ", " + global[0] + " work-items in groups of " + local[0]);
        }
        if (event != null) {
            ledger.made(Kind.EVENT);
        }
    }

    long eventTime(cl_event event, int info) {
        long[] value = new long[1];
        call("clGetEventProfilingInfo",
                () -> CL.clGetEventProfilingInfo(event, info, Sizeof.cl_ulong, Pointer.to(value), null));
        return value[0];
    }

    /** Where a command is: negative if it failed, 0 when it is done. As a launch, this makes no objects. */
    void executionStatus(cl_event event, Pointer into) {
        int status = injected("clGetEventInfo");
        if (status == CL.CL_SUCCESS) {
            try {
                status = CL.clGetEventInfo(event, CL.CL_EVENT_COMMAND_EXECUTION_STATUS, Sizeof.cl_int, into, null);
            } catch (CLException thrown) {
                status = thrown.getStatus();
            }
        }
        if (status != CL.CL_SUCCESS) {
            throw failure("clGetEventInfo", status, "");
        }
    }

    /** Asks how the first so many commands ended, which are over. As a launch, this makes no objects. */
    void await(int count, cl_event[] events) {
        int status = injected("clWaitForEvents");
        if (status == CL.CL_SUCCESS) {
            try {
                status = CL.clWaitForEvents(count, events);
            } catch (CLException thrown) {
                status = thrown.getStatus();
            }
        }
        if (status != CL.CL_SUCCESS) {
            throw failure("clWaitForEvents", status, "");
        }
    }

    /** What is thrown for an event that is to be waited for and has failed already. */
    DeviceException refused(int status) {
        return failure("clEnqueueBarrierWithWaitList", CL.CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
                "an event of the caller's ended with " + status);
    }

    /** What {@link #await} threw, with the command that failed and its status. */
    static DeviceException ended(DeviceException found, String command, int status) {
        return new DeviceException(found.call(), found.status(), found.device(),
                CL.stringFor_errorCode(found.status()) + ": " + command + " ended with " + status);
    }

    /** As a launch, this makes no objects; as every release, it is made even where a test makes it fail. */
    void release(cl_event event) {
        int injected = injected("clReleaseEvent");
        int status;
        try {
            status = CL.clReleaseEvent(event);
        } catch (CLException thrown) {
            status = thrown.getStatus();
        }
        ledger.released(Kind.EVENT);
        if (injected != CL.CL_SUCCESS || status != CL.CL_SUCCESS) {
            throw failure("clReleaseEvent", injected != CL.CL_SUCCESS ? injected : status, "");
        }
    }

    // ---- how calls are made

    private interface TextQuery {
        int ask(long[] size, byte[] value);
    }

    private String text(String call, TextQuery query) {
        long[] size = new long[1];
        call(call, () -> query.ask(size, null));
        byte[] value = new byte[Math.toIntExact(size[0])];
        call(call, () -> query.ask(null, value));
        int end = 0;
        while (end < value.length && value[end] != 0) {
            end++;
        }
        return new String(Arrays.copyOf(value, end), StandardCharsets.UTF_8).strip();
    }

    private static long capacity(byte[] value) {
        return value == null ? 0 : value.length;
    }

    private static Pointer pointer(byte[] value) {
        return value == null ? null : Pointer.to(value);
    }

    private void call(String name, IntSupplier body) {
        int status = attempt(name, body);
        if (status != CL.CL_SUCCESS) {
            throw failure(name, status, "");
        }
    }

    private int attempt(String name, IntSupplier body) {
        int injected = injected(name);
        return injected != CL.CL_SUCCESS ? injected : statusOf(body);
    }

    private int injected(String name) {
        return faults.status(name, counts.next());
    }

    private <T> T create(Kind kind, String name, String detail, Function<int[], T> body) {
        int[] status = new int[1];
        Made<T> made = new Made<>();
        int result = attempt(name, () -> {
            made.value = body.apply(status);
            return status[0];
        });
        if (result != CL.CL_SUCCESS) {
            throw failure(name, result, detail);
        }
        ledger.made(kind);
        return made.value;
    }

    /** What a lambda hands out. */
    private static final class Made<T> {
        private T value;
    }

    /** A release is made even where a test makes it fail, and counts as made whatever it says. */
    private void release(Kind kind, String name, IntSupplier body) {
        int injected = injected(name);
        int status = statusOf(body);
        ledger.released(kind);
        if (injected != CL.CL_SUCCESS || status != CL.CL_SUCCESS) {
            throw failure(name, injected != CL.CL_SUCCESS ? injected : status, "");
        }
    }

    private static int statusOf(IntSupplier body) {
        try {
            return body.getAsInt();
        } catch (CLException thrown) {
            return thrown.getStatus();
        }
    }

    private DeviceException failure(String call, int status, String detail) {
        String name = CL.stringFor_errorCode(status);
        return new DeviceException(call, status, device, detail.isEmpty() ? name : name + ": " + detail);
    }
}
