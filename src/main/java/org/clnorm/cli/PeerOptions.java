package org.clnorm.cli;

import java.util.List;
import java.util.function.Function;
import org.clnorm.bench.SideBySide;
import org.clnorm.bench.peer.Peer;
import org.clnorm.bench.peer.PyTorch;
import org.clnorm.tensor.Device;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whom to compare with, if anyone. */
final class PeerOptions {
    private static final String PYTORCH = "pytorch";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--peer", paramLabel = "NAME", description = {
        "pytorch: runs PyTorch on the same workloads in turns with CLNorm: on the CPU, or with CUDA where the device "
            + "is an NVIDIA GPU. scripts/pytorch-setup gets it; " + PyTorch.PYTHON_VARIABLE + " names another Python."})
    private String peer;

    @Option(names = "--allow-load", description = "With --peer: times count even if others keep the machine busy.")
    private boolean allowLoad;

    private final Function<Device, List<Peer>> pytorch;

    PeerOptions() {
        this(PyTorch::beside);
    }

    /** With something else in PyTorch's place. */
    PeerOptions(Function<Device, List<Peer>> pytorch) {
        this.pytorch = pytorch;
    }

    boolean given() {
        return peer != null;
    }

    void check() {
        if (peer == null && allowLoad) {
            throw new ParameterException(spec.commandLine(), "expected --allow-load with --peer only");
        }
        if (peer != null && !peer.equals(PYTORCH)) {
            throw new ParameterException(spec.commandLine(), "expected --peer pytorch, got '" + peer + "'");
        }
    }

    SideBySide start(Device device, int rounds) {
        return new SideBySide(pytorch.apply(device), rounds, allowLoad);
    }
}
