package org.clnorm.example.train;

import static org.jocl.CL.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.clnorm.engine.opencl.OpenClDevice;
import org.clnorm.sync.Collective;
import org.clnorm.tensor.Tensor;
import org.jocl.Pointer;
import org.jocl.cl_event;

/** Gradients that travel together: from the device, over all ranks, and back. No call but two waits for anything. */
final class Bucket {
    private final OpenClDevice device;
    private final List<Weight> weights;
    private final Layer last;
    private final ByteBuffer bytes;
    private final float[] values;
    private cl_event read;
    private Collective.Pending sums;

    /** Of weights whose gradients are all there when the last of their layers was enqueued. */
    Bucket(OpenClDevice device, List<Weight> weights, Layer last) {
        this.device = device;
        this.weights = List.copyOf(weights);
        this.last = last;
        values = new float[weights.stream().mapToInt(weight -> (int) weight.value().size()).sum()];
        bytes = ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
    }

    boolean isThereAfter(Layer layer) {
        return layer == last;
    }

    /** Enqueues the way to the host. */
    void fetch() {
        long at = 0;
        for (Weight weight : weights) {
            Tensor gradient = weight.gradient().get();
            boolean end = at + gradient.size() == values.length;
            read = end ? new cl_event() : null;
            Ops.check(clEnqueueReadBuffer(device.queue(), device.memory(gradient), false, device.byteOffset(gradient),
                    gradient.size() * Float.BYTES, Pointer.to(bytes).withByteOffset(at * Float.BYTES), 0, null, read),
                    "a read of gradients");
            at += gradient.size();
        }
        Ops.check(clFlush(device.queue()), "a flush");
    }

    /** Begins the sums, when the host has the gradients; waits for that. */
    void begin(Collective ranks) {
        Ops.check(clWaitForEvents(1, new cl_event[] {read}), "a read of gradients");
        clReleaseEvent(read);
        bytes.asFloatBuffer().get(values);
        sums = ranks.beginAllReduce(values);
    }

    /** Waits for the sums. */
    void await() {
        sums.await();
    }

    /** Enqueues the way back. */
    void store() {
        bytes.asFloatBuffer().put(values);
        long at = 0;
        for (Weight weight : weights) {
            Tensor gradient = weight.gradient().get();
            Ops.check(clEnqueueWriteBuffer(device.queue(), device.memory(gradient), false, device.byteOffset(gradient),
                    gradient.size() * Float.BYTES, Pointer.to(bytes).withByteOffset(at * Float.BYTES), 0, null, null),
                    "a write of gradients");
            device.wrote(gradient);
            at += gradient.size();
        }
    }
}
