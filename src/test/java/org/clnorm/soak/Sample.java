package org.clnorm.soak;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What was measured at a moment, while nothing ran.
 *
 * @param seconds  since the beginning
 * @param speed    passes a second since the sample before
 * @param heap     bytes that are reachable, after a garbage collection
 * @param resident bytes of the process in memory, NaN where the system does not say
 * @param buffers  bytes of OpenCL buffers
 * @param objects  OpenCL objects
 * @param faults   calls that were made to fail so far
 */
record Sample(double seconds, double speed, double heap, double resident, double buffers, double objects,
        double faults) {
    static final double MIB = 1 << 20;
    private static final Path STATUS = Path.of("/proc/self/status");

    /** Collects garbage, and says how much is left. */
    static double reachable() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    static double inMemory() {
        try {
            return Files.readAllLines(STATUS).stream().filter(line -> line.startsWith("VmRSS:")).findFirst()
                    .map(line -> Double.parseDouble(line.replaceAll("\\D", "")) * 1024).orElse(Double.NaN);
        } catch (IOException elsewhere) {
            return Double.NaN;
        }
    }

    static String csv(List<Sample> samples) {
        StringBuilder csv = new StringBuilder(
                "seconds,passes_per_second,heap_bytes,resident_bytes,buffer_bytes,objects,faults\n");
        for (Sample sample : samples) {
            csv.append(String.format(Locale.ROOT, "%.1f,%.1f,%.0f,%.0f,%.0f,%.0f,%.0f%n", sample.seconds, sample.speed,
                    sample.heap, sample.resident, sample.buffers, sample.objects, sample.faults));
        }
        return csv.toString();
    }
}
