package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.clnorm.tensor.DeviceException;

/** Finds the device that a selector means. PoCL, where it may harm, is asked only if nothing else answers. */
final class Selection {
    private static final Pattern INDICES = Pattern.compile("(\\d{1,4}):(\\d{1,4})");

    private final Discovery discovery;

    Selection(Discovery discovery) {
        this.discovery = discovery;
    }

    /** The device of {@code opencl}, {@code opencl:P:D} or {@code opencl:TEXT}. */
    DeviceFacts device(String selector) {
        if (selector.equals(OpenClProvider.KIND)) {
            return among(discovery.survey(), report -> true, device -> true, selector);
        }
        String prefix = OpenClProvider.KIND + ":";
        String rest = selector.startsWith(prefix) ? selector.substring(prefix.length()) : "";
        if (rest.isBlank()) {
            throw new IllegalArgumentException(
                    "expected opencl, opencl:P:D or opencl:TEXT (part of a name), got '" + selector + "'");
        }
        Matcher indices = INDICES.matcher(rest);
        if (indices.matches()) {
            return byIndex(Integer.parseInt(indices.group(1)), Integer.parseInt(indices.group(2)), selector);
        }
        String text = rest.toLowerCase(Locale.ROOT);
        return among(discovery.survey(), report -> report.named(text),
                device -> device.name().toLowerCase(Locale.ROOT).contains(text), selector);
    }

    private DeviceFacts byIndex(int platform, int device, String selector) {
        List<PlatformReport> reports = new ArrayList<>(discovery.names());
        if (platform < reports.size()) {
            PlatformReport asked = discovery.ask(reports.get(platform));
            if (device < asked.devices().size()) {
                return checked(asked.devices().get(device));
            }
            reports.set(platform, asked);
        }
        throw none(selector, reports);
    }

    private static DeviceFacts checked(DeviceFacts device) {
        if (!device.usable()) {
            throw new DeviceException("expected a device that can be used, got " + device + ": " + device.problem());
        }
        return device;
    }

    /** The best device whose platform or which itself fits; first of those that may be asked freely, then of all. */
    private DeviceFacts among(List<PlatformReport> reports, Predicate<PlatformReport> platform,
            Predicate<DeviceFacts> device, String selector) {
        boolean all = selector.equals(OpenClProvider.KIND);
        List<PlatformReport> known = new ArrayList<>(reports);
        if (!all) {
            askUnasked(known, platform);
        }
        Optional<DeviceFacts> found = fitting(known, platform, device);
        if (found.isEmpty()) {
            askUnasked(known, report -> true);
            found = fitting(known, platform, device);
        }
        return found.orElseThrow(() -> none(selector, known));
    }

    private void askUnasked(List<PlatformReport> reports, Predicate<PlatformReport> which) {
        reports.replaceAll(report -> !report.asked() && which.test(report) ? discovery.ask(report) : report);
    }

    private static Optional<DeviceFacts> fitting(List<PlatformReport> reports, Predicate<PlatformReport> platform,
            Predicate<DeviceFacts> device) {
        Stream<DeviceFacts> fitting = reports.stream().flatMap(report -> platform.test(report)
                ? report.devices().stream()
                : report.devices().stream().filter(device));
        return Discovery.best(fitting);
    }

    private static DeviceException none(String selector, List<PlatformReport> reports) {
        StringJoiner there = new StringJoiner("; ");
        for (PlatformReport report : reports) {
            report.devices().forEach(device -> there.add(device.selector() + " " + device.name()
                    + (device.usable() ? "" : " (" + device.problem() + ")")));
            if (report.devices().isEmpty()) {
                there.add("platform " + report.index() + " " + report.name() + " ("
                        + (report.note().isEmpty() ? "not asked for devices" : report.note()) + ")");
            }
        }
        return new DeviceException("expected a usable device for '" + selector + "', there are: " + there);
    }
}
