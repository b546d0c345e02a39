package org.clnorm.cli;

import java.util.ArrayList;
import java.util.List;
import org.clnorm.bench.Sweep;
import org.clnorm.bench.SweepPoint;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which sweeps to run, and how large. */
final class SweepOptions {
    private static final long QUICK_ELEMENTS = 1L << 18;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--sweep", paramLabel = "NAME", split = ",", description = {
        "rows, planes, columns, groups or all: workloads of one size that differ in the length of a row, the space of "
            + "a channel, the channels of [N, C], or the number of groups. Shows lengths that are slow beside the "
            + "nearest power of two."})
    private List<String> names = List.of();

    @Option(names = "--elements", paramLabel = "N", description = "The size of a sweep's tensors: " + Sweep.CPU_ELEMENTS
            + ", on a GPU " + Sweep.GPU_ELEMENTS + ", with --quick " + QUICK_ELEMENTS + ".")
    private Long elements;

    @Option(names = "--settings", paramLabel = "SETTINGS", description = "Added to each line of a sweep, such as "
            + "'mode=eval'.")
    private String settings = "";

    private SweepOptions() {
    }

    /** Whether a sweep was asked for. */
    boolean given() {
        return !names.isEmpty();
    }

    /**
     * The sweeps asked for.
     *
     * @param otherwise those to run if none was
     * @throws ParameterException if there is no such sweep, or options of sweeps are given without one
     */
    List<Sweep> sweeps(List<Sweep> otherwise) {
        List<Sweep> sweeps = given() ? named() : otherwise;
        if ((elements != null || !settings.isEmpty()) && sweeps.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "expected --elements and --settings with a --sweep, got them alone");
        }
        return sweeps;
    }

    private List<Sweep> named() {
        try {
            return Sweep.named(names);
        } catch (IllegalArgumentException unknown) {
            throw new ParameterException(spec.commandLine(), "--sweep: " + unknown.getMessage());
        }
    }

    /** The workloads of some sweeps, of a size that suits the device unless one was given. */
    List<SweepPoint> points(List<Sweep> sweeps, Device device, boolean quick) {
        long size = elements != null ? elements : quick ? QUICK_ELEMENTS
                : isGpu(device) ? Sweep.GPU_ELEMENTS : Sweep.CPU_ELEMENTS;
        List<SweepPoint> points = new ArrayList<>();
        sweeps.forEach(sweep -> points.addAll(sweep.points(size, settings)));
        return points;
    }

    private static boolean isGpu(Device device) {
        return Device.list().stream().anyMatch(info -> info.type().equals("gpu") && info.name().equals(device.name()));
    }
}
