package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.Planner;
import org.clnorm.plan.Tuning;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceInfo;
import org.clnorm.tensor.DeviceProvider;
import org.clnorm.tensor.DeviceRequest;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds and opens OpenCL devices. */
public final class OpenClProvider implements DeviceProvider {
    static final String KIND = "opencl";

    private static final Logger LOG = LoggerFactory.getLogger(OpenClProvider.class);

    private final Setup setup;

    /** For {@link java.util.ServiceLoader}. */
    public OpenClProvider() {
        this(Setup.ofProcess());
    }

    OpenClProvider(Setup setup) {
        this.setup = setup;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Device open(DeviceRequest request) {
        checkKernels(request);
        Cl cl = setup.cl();
        DeviceFacts facts = new Selection(new Discovery(cl, new PoclGuard(setup.environment())))
                .device(request.selector());
        if (bitwise(request)) {
            RoundingProbe.checkPromises(facts);
        }
        Tuning tuning = tuning(request, facts);
        OpenClDevice device = device(ClSession.open(cl, facts), request, tuning);
        LOG.info("opened {}, {} kernels ({})", facts, kernels(request, facts).label(), why(request, facts));
        return device;
    }

    /** A device around what somebody else made and keeps; the request chooses kernels. */
    OpenClDevice wrap(cl_context context, cl_device_id id, cl_command_queue queue, DeviceRequest request) {
        if (!request.selector().equals(KIND)) {
            throw new IllegalArgumentException("expected a request for '" + KIND + "', since the device is there"
                    + " already, got '" + request.selector() + "'");
        }
        checkKernels(request);
        Wrapping wrapping = new Wrapping(setup.cl(), context, id, queue);
        DeviceFacts facts = wrapping.facts();
        if (PoclGuard.isPocl(facts.platformName())) {
            PoclGuard.warnIfHarmed();
        }
        if (bitwise(request)) {
            RoundingProbe.checkPromises(facts);
        }
        Tuning tuning = tuning(request, facts);
        OpenClDevice device = device(wrapping.session(facts), request, tuning);
        LOG.info("wrapped {}, {} kernels ({})", facts, kernels(request, facts).label(), why(request, facts));
        return device;
    }

    private static Tuning tuning(DeviceRequest request, DeviceFacts facts) {
        Tuning tuning = request.tuning() == null ? Tuning.NONE : Tuning.read(request.tuning());
        if (tuning != Tuning.NONE && !tuning.device().equals(facts.name())) {
            throw new IllegalArgumentException("expected a tuning file of " + facts.name() + ", got one of "
                    + tuning.device() + ": " + request.tuning());
        }
        return tuning;
    }

    private OpenClDevice device(ClSession session, DeviceRequest request, Tuning tuning) {
        DeviceFacts facts = session.facts();
        KernelSet kernels = kernels(request, facts);
        LOG.debug("{}: {}", facts, facts.traits(kernels));
        if (facts.cutsLoops() && kernels == KernelSet.CPU) {
            LOG.warn("{} ends loops after some 65,000 rounds: groups of more than about 10,000 elements, and as many"
                    + " short ones, come out wrong with the cpu kernels; take the gpu kernels there", facts);
        }
        OpenClDevice device = new OpenClDevice(session, diskCache(facts), new BufferPool(session),
                facts.traits(kernels), request.variant(), tuning);
        if (bitwise(request)) {
            checkRounding(device);
        }
        return device;
    }

    private static boolean bitwise(DeviceRequest request) {
        return request.variant().equals(DeviceRequest.BITWISE);
    }

    private static void checkRounding(OpenClDevice device) {
        try {
            device.checkRounding();
        } catch (RuntimeException failed) {
            Cleanup.after(failed, device::close);
            throw failed;
        }
    }

    /** PoCL keeps a cache of its own, and compiles all anew to hand out a binary: there only on request. */
    private DiskCache diskCache(DeviceFacts facts) {
        boolean wanted = !PoclGuard.isPocl(facts.platformName())
                || setup.environment().containsKey(DiskCache.FOLDER_VARIABLE);
        return new DiskCache(wanted ? DiskCache.folder(setup.environment()) : null);
    }

    private static void checkKernels(DeviceRequest request) {
        if (!List.of("auto", "cpu", "gpu").contains(request.kernels())) {
            throw new IllegalArgumentException("expected kernels auto, cpu or gpu, got '" + request.kernels() + "'");
        }
        Optional<KernelSet> forced = forcedKernels(request);
        if (forced.isPresent() && !request.kernels().equals("auto")
                && !request.kernels().equals(forced.get().label())) {
            throw new IllegalArgumentException(
                    "expected a variant of the " + request.kernels() + " kernels, got " + request.variant());
        }
    }

    private static Optional<KernelSet> forcedKernels(DeviceRequest request) {
        return request.variant().isEmpty() ? Optional.empty() : Planner.kernelsOf(request.variant());
    }

    private static String why(DeviceRequest request, DeviceFacts facts) {
        String choice = request.kernels().equals("auto") ? "they suit a " + facts.typeName() : "asked for";
        return request.variant().isEmpty() ? choice : "variant " + request.variant() + " asked for";
    }

    /** The kernels asked for; else those of the forced variant; else those that suit the device. */
    private static KernelSet kernels(DeviceRequest request, DeviceFacts facts) {
        if (!request.kernels().equals("auto")) {
            return KernelSet.CPU.label().equals(request.kernels()) ? KernelSet.CPU : KernelSet.GPU;
        }
        return forcedKernels(request).orElseGet(facts::suitedKernels);
    }

    @Override
    public List<DeviceInfo> list() {
        Discovery discovery = new Discovery(setup.cl(), new PoclGuard(setup.environment()));
        try {
            return infos(discovery.survey());
        } catch (DeviceException none) {
            return List.of(new DeviceInfo("", "OpenCL", "OpenCL", "none", "", 0, 0, false, false, none.getMessage()));
        }
    }

    private static List<DeviceInfo> infos(List<PlatformReport> reports) {
        Optional<DeviceFacts> best = Discovery.best(reports.stream().flatMap(report -> report.devices().stream()));
        List<DeviceInfo> infos = new ArrayList<>();
        for (DeviceFacts device : Discovery.ranked(reports.stream().flatMap(report -> report.devices().stream()))) {
            infos.add(info(device, best.filter(device::equals).isPresent()));
        }
        boolean taken = best.isPresent();
        for (PlatformReport report : reports) {
            if (report.devices().isEmpty()) {
                boolean lastResort = !taken && PoclGuard.isPocl(report.name()) && !report.asked();
                infos.add(info(report, lastResort));
                taken |= lastResort;
            }
        }
        return List.copyOf(infos);
    }

    static DeviceInfo info(DeviceFacts device, boolean chosen) {
        return new DeviceInfo(device.selector(), device.platformName() + " " + device.platformVersion(), device.name(),
                device.typeName(), device.driver(), device.computeUnits(), device.memoryBytes(), device.usable(),
                chosen, note(device, chosen));
    }

    private static String note(DeviceFacts device, boolean chosen) {
        if (!device.usable()) {
            return device.problem();
        }
        if (device.emulator()) {
            return "an emulator, " + (chosen ? "chosen because there is nothing else" : "only on request");
        }
        return chosen ? "the best by type, memory and compute units"
                : "another one ranks higher by type, memory or compute units";
    }

    private static DeviceInfo info(PlatformReport report, boolean lastResort) {
        boolean mayOpen = PoclGuard.isPocl(report.name()) && !report.asked();
        return new DeviceInfo(mayOpen ? KIND + ":" + report.index() + ":0" : "", report.name() + " " + report.version(),
                report.name(), mayOpen ? "cpu" : "none", "", 0, 0, mayOpen, lastResort, report.note());
    }
}
