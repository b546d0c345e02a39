package org.clnorm.engine.opencl;

import java.util.Map;
import org.clnorm.plan.Traits;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Storage;

/**
 * An open OpenCL device; tensors of F32, F16 and BF16. Has the services {@link org.clnorm.engine.NormEngine},
 * {@link org.clnorm.engine.KernelTimer}, {@link org.clnorm.engine.MemoryProbe}, {@link org.clnorm.engine.HostProbe},
 * {@link org.clnorm.engine.Tunable} and {@link org.clnorm.tensor.DeviceInfo}.
 *
 * <p>Work that fails after it was enqueued is noticed by the next call that waits. The device then counts as failed:
 * what it holds is undefined, and every later call but close throws {@link org.clnorm.tensor.DeviceException}.
 */
public final class OpenClDevice extends Device {
    private final ClSession session;
    private final BufferPool pool;
    private final ProgramCache programs;
    private final Map<DataType, Transfers> transfers;
    private final Launcher launcher;
    private final PlanCache plans;
    private final Object[] services;

    OpenClDevice(ClSession session, DiskCache disk, Traits traits, String variant, Tuning tuning) {
        this.session = session;
        this.pool = new BufferPool(session);
        this.programs = new ProgramCache(session, disk);
        this.transfers = Map.of(DataType.F32, new FloatTransfers(session),
                DataType.F16, new HalfTransfers(session, DataType.F16),
                DataType.BF16, new HalfTransfers(session, DataType.BF16));
        this.launcher = new Launcher(session);
        this.plans = new PlanCache(session, programs, traits, variant, tuning);
        this.services = new Object[] {new ClEngine(session, pool, plans, launcher), launcher,
                new CopyProbe(session, pool, plans, launcher), new EmptyProbe(session, plans), plans,
                OpenClProvider.info(session.facts(), false)};
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
        session.close(new Cleanup().add(launcher::close).add(plans::close).add(programs::close).add(pool::close));
    }
}
