package org.clnorm.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * How busy others keep the machine: everything but this process and those that it started. Counted from when it was
 * made, from the processor times that Linux keeps in {@code /proc}; elsewhere it cannot tell.
 */
public final class MachineLoad {
    /** What others may use of the processors without being seen in the times; an idle machine shows up to 0.01. */
    static final double MOST = 0.05;

    /** From this load average on other programs take a visible part of the time. */
    private static final double BUSY = 0.5;
    private static final Path PROC = Path.of("/proc");
    /** Of the first line of {@code /proc/stat}: user, nice, system, idle, iowait, irq, softirq, steal. */
    private static final int TIMES = 8;
    private static final int IDLE = 3;
    private static final int IOWAIT = 4;
    /** Of {@code /proc/PID/stat}, after the name: utime, stime, and those of children that have ended. */
    private static final int FIRST_TIME = 11;
    private static final int END_OF_TIMES = 15;

    private final Path proc;
    private final double average = averagePerCore();
    private final Optional<Ticks> start;

    /** Processor time since the machine started, in the system's ticks, summed over its processors. */
    private record Ticks(long passed, long busy, long ours) {
    }

    /** Begins to count. */
    public MachineLoad() {
        this(PROC);
    }

    /** Counts from files in the form of {@code /proc}. */
    MachineLoad(Path proc) {
        this.proc = proc;
        this.start = read();
    }

    private static double averagePerCore() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        return load / Runtime.getRuntime().availableProcessors();
    }

    /**
     * Whether times that were measured since this was made are to be believed. Where the system does not tell who used
     * its processors, the load average when this was made stands in.
     *
     * @return what is wrong with them, a line; empty if nothing is
     */
    public Optional<String> warning() {
        double others = ofOthers();
        if (others > MOST) {
            return Optional.of(String.format(Locale.ROOT, "The machine was busy: others used %.0f %% of its processors;"
                    + " do not trust these times.", 100 * others));
        }
        return Double.isNaN(others) && average > BUSY ? Optional.of(String.format(Locale.ROOT,
                "The machine was busy: load average %.1f a core; do not trust these times.", average))
                : Optional.empty();
    }

    /**
     * The part of all processors' time that went to others since this was made: other programs, the system, and other
     * virtual machines on the same processors.
     *
     * @return 0 for a machine of our own, 1 for one that others had to themselves; NaN where the system does not tell,
     *         or no time has passed
     */
    public double ofOthers() {
        Optional<Ticks> end = read();
        if (start.isEmpty() || end.isEmpty()) {
            return Double.NaN;
        }
        Ticks from = start.get();
        Ticks to = end.get();
        long others = to.busy - from.busy - (to.ours - from.ours);
        long passed = to.passed - from.passed;
        return passed <= 0 ? Double.NaN : Math.max(0, others) / (double) passed;
    }

    private Optional<Ticks> read() {
        try {
            long[] times = Arrays.stream(firstLine(proc.resolve("stat")).split("\\s+")).skip(1).limit(TIMES)
                    .mapToLong(Long::parseLong).toArray();
            if (times.length < TIMES) {
                return Optional.empty();
            }
            long passed = LongStream.of(times).sum();
            return Optional.of(new Ticks(passed, passed - times[IDLE] - times[IOWAIT], ours()));
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException none) {
            return Optional.empty();
        }
    }

    private long ours() throws IOException {
        ProcessHandle self = ProcessHandle.current();
        long sum = process(self.pid());
        try (Stream<ProcessHandle> descendants = self.descendants()) {
            for (ProcessHandle descendant : descendants.toList()) {
                // one that has ended meanwhile is counted by its parent
                sum += Files.exists(stat(descendant.pid())) ? process(descendant.pid()) : 0;
            }
        }
        return sum;
    }

    private Path stat(long pid) {
        return proc.resolve(Long.toString(pid)).resolve("stat");
    }

    private long process(long pid) throws IOException {
        String line = firstLine(stat(pid));
        // the name, in parentheses, may hold anything
        String[] fields = line.substring(line.lastIndexOf(')') + 1).strip().split("\\s+");
        return Arrays.stream(fields, FIRST_TIME, END_OF_TIMES).mapToLong(Long::parseLong).sum();
    }

    private static String firstLine(Path file) throws IOException {
        return Files.readString(file).lines().findFirst().orElse("");
    }
}
