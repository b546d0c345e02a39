package org.clnorm.engine.opencl;

import java.util.Arrays;
import org.clnorm.tensor.DeviceException;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/** Looks at a context, a device and a queue that somebody else made, before a session is built around them. */
final class Wrapping {
    private final Cl cl;
    private final cl_context context;
    private final cl_device_id id;
    private final cl_command_queue queue;

    Wrapping(Cl cl, cl_context context, cl_device_id id, cl_command_queue queue) {
        this.cl = cl;
        this.context = context;
        this.id = id;
        this.queue = queue;
    }

    /** What the device says of itself; refuses what does not belong together. */
    DeviceFacts facts() {
        if (Arrays.stream(cl.contextDevices(context)).noneMatch(handle -> handle == id.getNativePointer())) {
            throw new IllegalArgumentException("expected a context that has the device "
                    + cl.deviceText(id, CL.CL_DEVICE_NAME) + ", got one without it");
        }
        if (cl.queueNumber(queue, CL.CL_QUEUE_CONTEXT) != context.getNativePointer()) {
            throw new IllegalArgumentException("expected a queue of the context, got one of another");
        }
        if (cl.queueNumber(queue, CL.CL_QUEUE_DEVICE) != id.getNativePointer()) {
            throw new IllegalArgumentException("expected a queue of the device "
                    + cl.deviceText(id, CL.CL_DEVICE_NAME) + ", got one of another device of the context");
        }
        if ((properties() & CL.CL_QUEUE_ON_DEVICE) != 0) {
            throw new IllegalArgumentException("expected a queue of the host, got one on the device");
        }
        DeviceFacts facts = found();
        if (!facts.usable()) {
            throw new DeviceException("expected a device that can be used, got " + facts + ": " + facts.problem());
        }
        return facts;
    }

    private DeviceFacts found() {
        long wanted = cl.deviceNumber(id, CL.CL_DEVICE_PLATFORM);
        cl_platform_id[] platforms = cl.platforms();
        for (int i = 0; i < platforms.length; i++) {
            if (platforms[i].getNativePointer() == wanted) {
                int index = Arrays.asList(cl.devices(platforms[i])).indexOf(id);
                return DeviceFacts.of(cl, platforms[i], id, OpenClProvider.KIND + ":" + i + ":"
                        + (index < 0 ? "sub-device" : index));
            }
        }
        throw new DeviceException("expected a device of one of the " + platforms.length
                + " platforms that the OpenCL loader shows, got one of another");
    }

    private long properties() {
        return cl.queueNumber(queue, CL.CL_QUEUE_PROPERTIES);
    }

    /** A session that holds context and queue. */
    ClSession session(DeviceFacts facts) {
        return ClSession.around(cl, facts, context, queue,
                (properties() & CL.CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) != 0);
    }
}
