package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.clnorm.tensor.DeviceException;
import org.jocl.CL;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/** Looks for devices without harming the host program, and survives platforms and devices that are broken. */
final class Discovery {
    private static final String INSTALL = "; install a driver of the device, or PoCL for the CPU"
            + " (Debian, Ubuntu: apt-get install ocl-icd-libopencl1 pocl-opencl-icd)";
    /** Real devices before emulators, then by type, memory and compute units. */
    private static final Comparator<DeviceFacts> PREFERENCE = Comparator.comparing(DeviceFacts::emulator)
            .thenComparing(DeviceFacts::typeRank)
            .thenComparing(Comparator.comparingLong(DeviceFacts::memoryBytes).reversed())
            .thenComparing(Comparator.comparingInt(DeviceFacts::computeUnits).reversed());

    private final Cl cl;
    private final PoclGuard guard;

    Discovery(Cl cl, PoclGuard guard) {
        this.cl = cl;
        this.guard = guard;
    }

    static Optional<DeviceFacts> best(Stream<DeviceFacts> devices) {
        return devices.filter(DeviceFacts::usable).min(PREFERENCE);
    }

    /** The best first. */
    static List<DeviceFacts> ranked(Stream<DeviceFacts> devices) {
        return devices.sorted(Comparator.comparing(DeviceFacts::usable).reversed().thenComparing(PREFERENCE)).toList();
    }

    /** All platforms, asked for devices where that does no harm. */
    List<PlatformReport> survey() {
        List<PlatformReport> reports = new ArrayList<>();
        cl_platform_id[] ids = platforms();
        for (int i = 0; i < ids.length; i++) {
            PlatformReport report = named(i, ids[i]);
            reports.add(report.note().isEmpty() ? ask(report) : report);
        }
        return reports;
    }

    /** The names alone. */
    List<PlatformReport> names() {
        List<PlatformReport> reports = new ArrayList<>();
        cl_platform_id[] ids = platforms();
        for (int i = 0; i < ids.length; i++) {
            reports.add(named(i, ids[i]));
        }
        return reports;
    }

    private cl_platform_id[] platforms() {
        try {
            cl_platform_id[] ids = cl.platforms();
            if (ids.length > 0) {
                return ids;
            }
        } catch (LinkageError noLoader) {
            throw new DeviceException("expected an OpenCL loader (libOpenCL.so.1, OpenCL.dll), found none that Java can"
                    + " load: " + noLoader.getMessage() + INSTALL, noLoader);
        } catch (DeviceException failed) {
            if (failed.status() != CL.CL_PLATFORM_NOT_FOUND_KHR) {
                throw failed;
            }
        }
        throw new DeviceException("expected an OpenCL platform, found a loader but no platform" + INSTALL);
    }

    private PlatformReport named(int index, cl_platform_id id) {
        try {
            String name = cl.platformText(id, CL.CL_PLATFORM_NAME);
            String version = cl.platformText(id, CL.CL_PLATFORM_VERSION);
            String note = guard.mayHarm(name)
                    ? "not asked for devices, because its start breaks Java's integer division: " + PoclGuard.CURE
                    : "";
            return new PlatformReport(index, id, name, version, List.of(), false, note);
        } catch (DeviceException broken) {
            return new PlatformReport(index, id, "platform " + index, "", List.of(), false, broken.getMessage());
        }
    }

    /** The same platform with its devices. */
    PlatformReport ask(PlatformReport platform) {
        List<DeviceFacts> devices = new ArrayList<>();
        String note = "";
        try {
            cl_device_id[] ids = cl.devices(platform.id());
            for (int i = 0; i < ids.length; i++) {
                devices.add(DeviceFacts.of(cl, platform.id(), ids[i], "opencl:" + platform.index() + ":" + i));
            }
            note = devices.isEmpty() ? "shows no devices" : "";
        } catch (DeviceException broken) {
            note = broken.getMessage();
        } finally {
            if (PoclGuard.isPocl(platform.name())) {
                PoclGuard.warnIfHarmed();
            }
        }
        return new PlatformReport(platform.index(), platform.id(), platform.name(), platform.version(),
                List.copyOf(devices), true, note);
    }
}
