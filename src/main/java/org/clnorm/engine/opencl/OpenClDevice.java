package org.clnorm.engine.opencl;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import org.clnorm.plan.Traits;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Storage;
import org.clnorm.tensor.Tensor;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * An open OpenCL device; tensors of F32, F16 and BF16. Has the services {@link org.clnorm.engine.NormEngine},
 * {@link org.clnorm.engine.KernelTimer}, {@link org.clnorm.engine.MemoryProbe}, {@link org.clnorm.engine.HostProbe},
 * {@link org.clnorm.engine.Tunable} and {@link org.clnorm.tensor.DeviceInfo}.
 *
 * <p>{@link #wrap(cl_context, cl_device_id, cl_command_queue) wrap} makes one around the context and queue of a program
 * that works with JOCL itself; what {@link Device#open(String)} gives for a selector {@code opencl…} is one with a
 * context and a queue of its own. Either can {@link #borrow(cl_mem, long, DataType, Shape) borrow} buffers of its
 * context.
 *
 * <p>The end of every command is watched. One that failed after it was enqueued is noticed by the next call that
 * waits, at the latest: the device then counts as failed, and every call throws
 * {@link org.clnorm.tensor.DeviceException} until state is loaded or {@link #recover()} is called.
 */
public final class OpenClDevice extends Device {
    private final ClSession session;
    private final BufferPool pool;
    private final ProgramCache programs;
    private final Map<DataType, Transfers> transfers;
    private final Launcher launcher;
    private final PlanCache plans;
    private final Regions regions;
    private final Object[] services;

    OpenClDevice(ClSession session, DiskCache disk, BufferPool pool, Traits traits, String variant, Tuning tuning) {
        this.session = session;
        this.pool = pool;
        this.programs = new ProgramCache(session, disk);
        this.transfers = transfers(session);
        this.launcher = new Launcher(session);
        this.plans = new PlanCache(session, programs, traits, variant, tuning);
        StridedMoves moves = new StridedMoves(plans, launcher);
        this.regions = new Regions(session, pool, moves, transfers);
        this.services = new Object[] {new ClEngine(session, pool, plans, launcher, moves),
                new ClSync(session, pool, plans, launcher, moves, transfers), launcher,
                new CopyProbe(session, pool, plans, launcher), new EmptyProbe(session, plans), plans,
                OpenClProvider.info(session.facts(), false)};
    }

    private static Map<DataType, Transfers> transfers(ClSession session) {
        Map<DataType, Transfers> transfers = new EnumMap<>(DataType.class);
        transfers.put(DataType.F32, new FloatTransfers(session));
        transfers.put(DataType.F16, new HalfTransfers(session, DataType.F16));
        transfers.put(DataType.BF16, new HalfTransfers(session, DataType.BF16));
        if (session.facts().hasDoubles()) {
            transfers.put(DataType.F64, new DoubleTransfers(session));
        }
        return transfers;
    }

    /** Throws unless the device computes as the bitwise variant needs. */
    void checkRounding() {
        new RoundingProbe(this, session, pool, plans, launcher).check();
    }

    /**
     * A device around what the caller made with JOCL: its work goes to the caller's queue, in the order of the calls.
     * Kernels are chosen by the device. For several queues, wrap one device a queue.
     *
     * <p>Context, device and queue stay the caller's. They are held while the device is open, as OpenCL counts
     * references, and let go when it is closed; closing waits for what the queue holds, and frees only what this device
     * made. On an out-of-order queue a barrier goes before each command, so that it begins after all that was enqueued
     * before; what the caller enqueues later may begin while the last one runs, unless it waits for {@link #mark()}.
     * Between {@link org.clnorm.engine.KernelTimer#start()} and its stop, work goes to another queue.
     *
     * @param context a context that has the device
     * @param device  the device, or a sub-device
     * @param queue   a queue of both, in order or not
     * @return the open device
     * @throws IllegalArgumentException                if they do not belong together
     * @throws org.clnorm.tensor.DeviceException if the device has no OpenCL 1.2 or no compiler, or a call fails
     */
    public static OpenClDevice wrap(cl_context context, cl_device_id device, cl_command_queue queue) {
        return wrap(context, device, queue, DeviceRequest.of(OpenClProvider.KIND));
    }

    /**
     * As {@link #wrap(cl_context, cl_device_id, cl_command_queue)}, with a choice of kernels.
     *
     * @param context a context that has the device
     * @param device  the device, or a sub-device
     * @param queue   a queue of both, in order or not
     * @param request the kernels, the variant and the tuning; its selector is {@code opencl}
     * @return the open device
     * @throws IllegalArgumentException                if they do not belong together, or a part of the request is
     *                                                 malformed
     * @throws org.clnorm.tensor.DeviceException if the device has no OpenCL 1.2 or no compiler, or a call fails
     */
    public static OpenClDevice wrap(cl_context context, cl_device_id device, cl_command_queue queue,
            DeviceRequest request) {
        Objects.requireNonNull(context, "context");
        Objects.requireNonNull(device, "device");
        Objects.requireNonNull(queue, "queue");
        return new OpenClProvider().wrap(context, device, queue, Objects.requireNonNull(request, "request"));
    }

    /**
     * The caller's memory as a dense tensor. Reads and writes go to the buffer itself, no copy is made of it, where the
     * first byte lies at a multiple of {@code CL_DEVICE_MEM_BASE_ADDR_ALIGN} in it; elsewhere the tensor is copied on
     * the device before a pass that reads it and after one that writes it.
     *
     * <p>The buffer stays the caller's: it is held while the tensor is open, as OpenCL counts references, and closing
     * the tensor leaves it as it was before. Borrow once and use the tensor again and again: then a pass sets no
     * argument and makes no object. Two tensors over the same bytes are known to share them: one cannot receive a
     * result while the other is read, and a pass whose input was written through the other cannot have a backward
     * pass. Writes by the caller's own commands are to be told, see {@link #wrote(Tensor)}.
     *
     * @param memory     a buffer of this device's context; a sub-buffer is one too
     * @param byteOffset where the first element lies, in bytes; a multiple of the size of an element
     * @param type       the type of the elements: F32, F16 or BF16
     * @param shape      the shape, row-major
     * @return a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException                if memory, offset, type and shape do not fit one another or the
     *                                                 device
     * @throws IllegalStateException                   if the device is closed
     * @throws org.clnorm.tensor.DeviceException if a call to OpenCL fails
     */
    public Tensor borrow(cl_mem memory, long byteOffset, DataType type, Shape shape) {
        checkBorrowed(memory, type, shape);
        return borrow(memory, type, shape, Layout.dense(shape, type.bytes(), byteOffset));
    }

    /**
     * The caller's memory as a tensor with gaps: a slice of a batch, or of channels. Where the strides are not those of
     * a dense tensor, it is copied on the device before a pass that reads it and after one that writes it.
     *
     * @param memory     a buffer of this device's context; a sub-buffer is one too
     * @param byteOffset where the first element lies, in bytes; a multiple of the size of an element
     * @param type       the type of the elements: F32, F16 or BF16
     * @param shape      the shape
     * @param strides    one a dimension, in elements, of 1 or more, so that no two elements share a place: each reaches
     *                   beyond all that the smaller ones reach; those of dimensions of 1 do not matter
     * @return a tensor of the current scope, or the caller's to close
     * @throws IllegalArgumentException                as {@link #borrow(cl_mem, long, DataType, Shape)}, or if there
     *                                                 are more than 6 dimensions that do not follow one another
     *                                                 without a gap
     * @throws IllegalStateException                   if the device is closed
     * @throws org.clnorm.tensor.DeviceException if a call to OpenCL fails
     */
    public Tensor borrow(cl_mem memory, long byteOffset, DataType type, Shape shape, long... strides) {
        checkBorrowed(memory, type, shape);
        Objects.requireNonNull(strides, "strides");
        return borrow(memory, type, shape, Layout.of(shape, type.bytes(), byteOffset, strides));
    }

    private void checkBorrowed(cl_mem memory, DataType type, Shape shape) {
        Objects.requireNonNull(memory, "memory");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(shape, "shape");
        if (!supports(type)) {
            throw new IllegalArgumentException("expected a type that " + name() + " supports, got " + type);
        }
    }

    private Tensor borrow(cl_mem memory, DataType type, Shape shape, Layout layout) {
        return around(type, shape, session.use(() -> regions.borrow(memory, type, layout)));
    }

    /**
     * The buffer that a tensor lies in, for the caller's own kernels and libraries; the tensor begins at
     * {@link #byteOffset}. For a borrowed tensor, the buffer it was borrowed from. It may be larger than the tensor.
     *
     * <p>The buffer is this device's, not to be released, and it is this tensor's memory until the tensor is closed:
     * later it serves other tensors. Commands on the device's {@link #queue()} come after the passes that made the
     * values; on another queue they wait for {@link #mark()}, and the next pass waits for them by {@link #waitFor}.
     * Close the tensor, or the parameter's layer, when such commands are enqueued on the same queue, or done.
     *
     * @param tensor an open tensor of this device, with at least one element
     * @return its buffer
     * @throws IllegalArgumentException if the tensor is of another device or has no elements
     * @throws IllegalStateException    if the tensor or the device is closed
     */
    public cl_mem memory(Tensor tensor) {
        return opened(tensor).memory();
    }

    /**
     * Where in its {@link #memory} a tensor begins.
     *
     * @param tensor an open tensor of this device, with at least one element
     * @return an offset in bytes: 0, or that of a borrowed tensor
     * @throws IllegalArgumentException if the tensor is of another device or has no elements
     * @throws IllegalStateException    if the tensor or the device is closed
     */
    public long byteOffset(Tensor tensor) {
        return opened(tensor).byteOffset();
    }

    private DeviceStorage opened(Tensor tensor) {
        Objects.requireNonNull(tensor, "tensor").storage();
        DeviceStorage storage = DeviceStorage.of(tensor, pool);
        if (storage.memory() == null) {
            throw new IllegalArgumentException("expected a tensor with at least one element, got " + tensor);
        }
        return storage;
    }

    /**
     * Notes that the caller's own commands write a tensor, as {@link Tensor#write(float...)} does by itself: a backward
     * pass that needs the former values then throws instead of being wrong.
     *
     * @param tensor an open tensor of this device
     * @throws IllegalArgumentException if the tensor is of another device
     * @throws IllegalStateException    if the tensor or the device is closed
     */
    public void wrote(Tensor tensor) {
        Objects.requireNonNull(tensor, "tensor").storage();
        DeviceStorage storage = DeviceStorage.of(tensor, pool);
        storage.written(storage.failures());
        storage.touch();
    }

    /**
     * Lets the work that is enqueued from now on begin after some events, of any queue of the context; this thread does
     * not wait. What waits for the device, {@link Tensor#read()} and {@link #finish()} say, waits for the events too.
     *
     * @param events the events, which stay the caller's; none does nothing
     * @throws IllegalStateException                   if the device is closed
     * @throws org.clnorm.tensor.DeviceException if the events are not of this context, or one of them has failed
     */
    public void waitFor(cl_event... events) {
        for (cl_event event : events) {
            Objects.requireNonNull(event, "event");
        }
        if (events.length > 0) {
            session.use(() -> session.waitFor(events));
        }
    }

    /**
     * An event that comes when all is done that was enqueued so far, for the caller's commands on other queues. The
     * queue is flushed, so that they need not.
     *
     * @return the event; the caller releases it
     * @throws IllegalStateException                   if the device is closed
     * @throws org.clnorm.tensor.DeviceException if a call to OpenCL fails
     */
    public cl_event mark() {
        return session.use(session::mark);
    }

    /**
     * The queue that work goes to.
     *
     * @return the caller's queue, or the device's own: not to be released then, and gone when the device is closed
     * @throws IllegalStateException if the device is closed
     */
    public cl_command_queue queue() {
        return session.use(session::ownQueue);
    }

    /**
     * The context that buffers and events belong to.
     *
     * @return the caller's context, or the device's own: not to be released then, and gone when the device is closed
     * @throws IllegalStateException if the device is closed
     */
    public cl_context context() {
        return session.use(session::context);
    }

    /**
     * The handle of the device.
     *
     * @return what OpenCL knows it by
     */
    public cl_device_id id() {
        return session.facts().id();
    }

    @Override
    public <T> T service(Class<T> service) {
        for (Object candidate : services) {
            if (service.isInstance(candidate)) {
                return service.cast(candidate);
            }
        }
        return super.service(service);
    }

    @Override
    public String name() {
        return session.facts().name();
    }

    @Override
    public String driver() {
        DeviceFacts facts = session.facts();
        return facts.platformName() + ", driver " + facts.driver();
    }

    @Override
    public boolean supports(DataType type) {
        return transfers.containsKey(type);
    }

    @Override
    public void finish() {
        session.use(session::finish);
    }

    /** How many bytes it has allocated, in use or idle; borrowed memory is not among them. */
    long poolBytes() {
        return pool.totalBytes();
    }

    @Override
    public void recover() {
        session.recover(new Revival(pool, transfers.get(DataType.F32)));
    }

    @Override
    protected Storage allocate(DataType type, long elements) {
        return session.use(() -> new ClStorage(pool, transfers.get(type), elements, type.bytes()));
    }

    @Override
    public boolean isClosed() {
        return session.isClosed();
    }

    @Override
    protected void release() {
        session.close(new Cleanup().add(launcher::close).add(plans::close).add(programs::close).add(regions::close)
                .add(pool::close));
    }
}
