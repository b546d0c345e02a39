package org.clnorm.engine.opencl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.clnorm.plan.NormPlan;
import org.clnorm.plan.Planner;
import org.clnorm.plan.StatisticsSteps;
import org.clnorm.plan.Task;
import org.clnorm.plan.Traits;

/** The kernels that there are, each as {@code program:kernel}. */
final class Kernels {
    private static final Pattern KERNEL = Pattern.compile("__kernel[^{;]*?void\\s+(\\w+)\\s*\\(");
    private static final Path SOURCES = Path.of("opencl");

    private Kernels() {
    }

    /** All of the sources. */
    static Set<String> all() throws IOException {
        Set<String> all = new TreeSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".cl")).toList()) {
                String program = SOURCES.relativize(file).toString().replace('\\', '/').replace(".cl", "");
                KERNEL.matcher(Files.readString(file)).results().map(kernel -> program + ":" + kernel.group(1))
                        .forEach(all::add);
            }
        }
        return all;
    }

    /** Those that a device with a forced variant, or none, runs for a task. */
    static Set<String> of(Task task, Traits traits, String variant) {
        NormPlan plan = Planner.plan(task, traits, variant);
        return StatisticsSteps.around(task, plan, traits).stream()
                .map(step -> step.program() + ":" + step.kernel()).collect(Collectors.toSet());
    }
}
