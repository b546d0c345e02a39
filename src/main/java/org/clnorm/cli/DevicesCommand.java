package org.clnorm.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists every platform and device. */
@Command(name = "devices", description = "Lists every platform and device, what is chosen and why.",
        mixinStandardHelpOptions = true, versionProvider = Version.class)
final class DevicesCommand implements Callable<Integer> {
    private static final double GIB = 1 << 30;
    private static final int PLATFORM_COLUMNS = 44;

    @Spec
    private CommandSpec spec;

    @Mixin
    private DeviceOptions device;

    @Option(names = "--json", description = "Writes a JSON array instead of the table.")
    private boolean json;

    private DevicesCommand() {
    }

    @Override
    public Integer call() throws IOException {
        List<DeviceInfo> devices = device.given() ? opening() : Device.list();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(toJson(devices));
        } else {
            print(devices, out);
        }
        return Main.DONE;
    }

    /** The list, with the device that the options open as the chosen one. */
    private List<DeviceInfo> opening() {
        try (Device opened = device.open()) {
            List<DeviceInfo> devices = Device.list();
            DeviceInfo taken = devices.stream().filter(info -> info.selector().equals(device.selector())).findFirst()
                    .or(() -> devices.stream().filter(info -> info.name().equals(opened.name())).findFirst())
                    .orElseThrow();
            return devices.stream().map(info -> chosen(info, info == taken)).toList();
        }
    }

    private static DeviceInfo chosen(DeviceInfo info, boolean chosen) {
        String note = info.chosen() ? "the best unless another is asked for" : info.note();
        return new DeviceInfo(info.selector(), info.platform(), info.name(), info.type(), info.driver(),
                info.computeUnits(), info.memoryBytes(), info.usable(), chosen,
                chosen ? "asked for, and it opens" : note);
    }

    private static String toJson(List<DeviceInfo> devices) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            generator.writeStartArray();
            for (DeviceInfo device : devices) {
                write(device, generator);
            }
            generator.writeEndArray();
        }
        return text.toString();
    }

    private static void write(DeviceInfo device, JsonGenerator generator) throws IOException {
        generator.writeStartObject();
        generator.writeStringField("selector", device.selector());
        generator.writeStringField("platform", device.platform());
        generator.writeStringField("name", device.name());
        generator.writeStringField("type", device.type());
        generator.writeStringField("driver", device.driver());
        generator.writeNumberField("compute_units", device.computeUnits());
        generator.writeNumberField("memory_bytes", device.memoryBytes());
        generator.writeBooleanField("usable", device.usable());
        generator.writeBooleanField("chosen", device.chosen());
        generator.writeStringField("note", device.note());
        generator.writeEndObject();
    }

    private static void print(List<DeviceInfo> devices, PrintWriter out) {
        TextTable table = new TextTable("", "selector", "type", "device", "platform", "driver", ">units", ">memory",
                "why");
        for (DeviceInfo device : devices) {
            table.row(device.chosen() ? "*" : "", device.usable() ? device.selector() : "-", device.type(),
                    device.name(), shortened(device.platform()), device.driver(), count(device.computeUnits()),
                    device.memoryBytes() == 0 ? "" : String.format(Locale.ROOT, "%.1f GiB", device.memoryBytes() / GIB),
                    device.note());
        }
        table.print(out);
        if (devices.stream().noneMatch(DeviceInfo::chosen)) {
            out.println("No OpenCL device: the CPU engine (--device cpu) is used.");
        }
    }

    /** Some versions tell how the driver was built. */
    private static String shortened(String platform) {
        return platform.length() <= PLATFORM_COLUMNS ? platform : platform.substring(0, PLATFORM_COLUMNS - 3) + "...";
    }

    private static String count(int number) {
        return number == 0 ? "" : Integer.toString(number);
    }
}
