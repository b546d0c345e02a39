package org.clnorm.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.clnorm.NormLayer;
import org.clnorm.bench.BenchLine;
import org.clnorm.conformance.Workload;
import org.clnorm.plan.DeviceClass;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.Reduction;
import org.clnorm.plan.Step;
import org.clnorm.plan.Task;
import org.clnorm.plan.Thresholds;
import org.clnorm.plan.Traits;
import org.clnorm.tensor.Tensor;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists the kernels that a GPU would run, without one. */
@Command(name = "kernels", description = "Lists the kernels that a kind of GPU would run for workloads; needs no GPU.",
        mixinStandardHelpOptions = true, versionProvider = Version.class, footer = {"",
            "Each kernel is listed once for every set of build options, with the first workload that takes it.",
            "Without --shapes and --workload for the standard workloads, see scripts/shapes.txt."})
final class KernelsCommand implements Callable<Integer> {
    /** A large GPU of today: an H200 has 132 compute units; OpenCL grants 48 KiB of local memory there. */
    private static final int COMPUTE_UNITS = 132;
    private static final long MAX_WORK_GROUP = 1024;
    private static final long LOCAL_BYTES = 48 << 10;
    private static final int VECTOR_WIDTH = 4;

    /** What is compiled: equal for workloads that share a kernel. */
    private record Kernel(String program, String name, Map<String, Integer> options, long workGroup) {
    }

    private record Use(String workload, String pass, String variant) {
    }

    @Spec
    private CommandSpec spec;

    @Mixin
    private WorkloadOptions workloads;

    @Option(names = "--gpu", paramLabel = "KIND", defaultValue = "nvidia",
            description = "nvidia, amd, intel or gpu (any other); default ${DEFAULT-VALUE}.")
    private String kind;

    @Option(names = "--variant", paramLabel = "NAME", defaultValue = "",
            description = "A variant to force, for the workloads it does; the others are left out.")
    private String variant;

    @Option(names = "--json", description = "Writes a JSON array instead of the table.")
    private boolean json;

    private KernelsCommand() {
    }

    @Override
    public Integer call() throws IOException {
        Map<Kernel, Use> kernels = new LinkedHashMap<>();
        DeviceClass devices = DeviceClass.of(KernelSet.GPU, kind);
        Reduction reduction = devices == DeviceClass.NVIDIA ? Reduction.SHUFFLES : Reduction.LOCAL_MEMORY;
        Traits traits = new Traits(KernelSet.GPU, COMPUTE_UNITS, MAX_WORK_GROUP, LOCAL_BYTES, VECTOR_WIDTH,
                reduction, Thresholds.of(devices));
        try (PaperDevice device = new PaperDevice(traits, variant)) {
            for (BenchLine line : workloads.lines(false)) {
                add(kernels, line.workload(), device);
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(toJson(kernels));
        } else {
            print(kernels, out);
        }
        return Main.DONE;
    }

    private static void add(Map<Kernel, Use> kernels, Workload workload, PaperDevice device) {
        try (NormLayer layer = workload.layer().on(device);
                Tensor x = device.empty(workload.dataType(), workload.stored())) {
            for (Task.Pass pass : workload.backward() ? List.of(Task.Pass.FORWARD, Task.Pass.BACKWARD)
                    : List.of(Task.Pass.FORWARD)) {
                Task task = workload.explain(layer, x, pass).task();
                device.attempt(task).ifPresent(plan -> {
                    Use use = new Use(workload.toString(), pass.name().toLowerCase(Locale.ROOT), plan.variant());
                    for (Step step : plan.steps()) {
                        kernels.putIfAbsent(new Kernel(step.program(), step.kernel(), new TreeMap<>(step.options()),
                                step.workGroup()), use);
                    }
                });
            }
        }
    }

    private static void print(Map<Kernel, Use> kernels, PrintWriter out) {
        TextTable table = new TextTable("kernel", ">work-group", "options", "first for");
        kernels.forEach((kernel, use) -> table.row(kernel.program() + ":" + kernel.name(),
                Long.toString(kernel.workGroup()), kernel.options().toString().replaceAll("[{},]", ""),
                use.pass() + " " + use.workload()));
        table.print(out);
    }

    private static String toJson(Map<Kernel, Use> kernels) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartArray();
            for (Map.Entry<Kernel, Use> entry : kernels.entrySet()) {
                write(entry.getKey(), entry.getValue(), json);
            }
            json.writeEndArray();
        }
        return text.toString();
    }

    private static void write(Kernel kernel, Use use, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("program", kernel.program());
        json.writeStringField("kernel", kernel.name());
        json.writeNumberField("work_group", kernel.workGroup());
        json.writeObjectFieldStart("options");
        for (Map.Entry<String, Integer> option : kernel.options().entrySet()) {
            json.writeNumberField(option.getKey(), option.getValue());
        }
        json.writeEndObject();
        json.writeStringField("variant", use.variant());
        json.writeStringField("pass", use.pass());
        json.writeStringField("workload", use.workload());
        json.writeEndObject();
    }
}
