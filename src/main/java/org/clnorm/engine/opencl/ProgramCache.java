package org.clnorm.engine.opencl;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.clnorm.plan.Step;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.DeviceException;
import org.jocl.cl_kernel;
import org.jocl.cl_program;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compiles each program once a device, and with the help of {@link DiskCache} once a machine. Thread-safe. */
final class ProgramCache {
    private static final Logger LOG = LoggerFactory.getLogger(ProgramCache.class);

    /** The build option that says how many registers a work-item should do with, where a compiler can be told. */
    private static final String REGISTERS = "REGISTERS";

    private record Key(String program, Map<String, Integer> options) {
    }

    private record Program(cl_program program, KernelSource source) {
    }

    private final ClSession session;
    private final DiskCache disk;
    private final Map<Key, Program> programs = new HashMap<>();
    /** The text of one, of which many programs are made by their options. */
    private final Map<String, KernelSource> sources = new HashMap<>();

    ProgramCache(ClSession session, DiskCache disk) {
        this.session = session;
        this.disk = disk;
    }

    /** A new kernel object for a step, whose program is compiled if it was not; the caller releases it. */
    synchronized cl_kernel kernel(Step step) {
        return session.cl().createKernel(program(step).program(), step.kernel());
    }

    /** What the kernel of a step wants. */
    synchronized KernelSignature signature(Step step) {
        return program(step).source().signature(step.kernel());
    }

    private Program program(Step step) {
        Key key = new Key(step.program(), step.options());
        Program program = programs.get(key);
        if (program == null) {
            program = build(step);
            programs.put(key, program);
        }
        return program;
    }

    private Program build(Step step) {
        KernelSource source = sources.computeIfAbsent(step.program(), KernelSource::load);
        String options = options(step.options());
        String key = disk.key(session.facts(), options, source.text());
        cl_program program = fromDisk(key, step.program(), options)
                .orElseGet(() -> fromSource(key, source, options));
        return new Program(program, source);
    }

    /** A binary that the driver does not take, after an update say, is as good as none. */
    private Optional<cl_program> fromDisk(String key, String name, String options) {
        return disk.load(key).flatMap(binary -> {
            try {
                cl_program program = session.cl().createProgram(session.context(), session.facts().id(), name, binary);
                return Optional.of(built(program, name, options));
            } catch (DeviceException stale) {
                LOG.debug("the cached program {} is not used: {}", name, stale.getMessage());
                return Optional.empty();
            }
        });
    }

    private cl_program fromSource(String key, KernelSource source, String options) {
        String name = source.program() + ".cl";
        long start = System.nanoTime();
        cl_program program = built(session.cl().createProgram(session.context(), name, source.text()), name, options);
        LOG.debug("compiled {} with {} in {} ms", name, options, (System.nanoTime() - start) / 1_000_000);
        if (disk.enabled()) {
            try {
                disk.store(key, session.cl().binary(program));
            } catch (DeviceException noBinary) {
                LOG.debug("the program {} is not cached: {}", name, noBinary.getMessage());
            }
        }
        return program;
    }

    private cl_program built(cl_program program, String name, String options) {
        try {
            session.cl().build(program, session.facts().id(), name, options);
            return program;
        } catch (RuntimeException failed) {
            Cleanup.after(failed, () -> session.cl().release(program));
            throw failed;
        }
    }

    private String options(Map<String, Integer> values) {
        StringBuilder text = new StringBuilder("-cl-std=").append(session.facts().language());
        if (session.facts().roundsDivision()) {
            text.append(" -cl-fp32-correctly-rounded-divide-sqrt");
        }
        new TreeMap<>(values).forEach((name, value) -> text.append(" -D ").append(name).append('=').append(value));
        Integer registers = values.get(REGISTERS);
        if (registers != null && session.facts().limitsRegisters()) {
            text.append(" -cl-nv-maxrregcount=").append(registers);
        }
        return text.toString();
    }

    /** Frees everything. */
    synchronized void close() {
        Cleanup cleanup = new Cleanup();
        for (Program program : programs.values()) {
            cleanup.add(() -> session.cl().release(program.program()));
        }
        programs.clear();
        cleanup.run();
    }
}
