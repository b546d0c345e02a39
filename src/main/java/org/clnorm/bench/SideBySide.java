package org.clnorm.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.clnorm.bench.peer.Peer;
import org.clnorm.bench.peer.PeerException;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.ReferenceCheck;
import org.clnorm.conformance.Verdict;
import org.clnorm.conformance.Workload;
import org.clnorm.plan.Task;
import org.clnorm.state.ElementType;
import org.clnorm.tensor.Device;

/**
 * Other libraries beside a device: the same values, judged by the same reference, timed in turns. As a {@link Checker}
 * it judges the device, and keeps what it found to be shown beside what it finds of the others.
 */
public final class SideBySide implements Checker, AutoCloseable {
    /** How often a workload is timed anew because others kept the machine busy. */
    private static final int ATTEMPTS = 3;

    private final List<Peer> peers;
    private final int rounds;
    private final boolean allowLoad;
    private final Supplier<MachineLoad> loads;
    private final ReferenceCheck reference = new ReferenceCheck();
    private Workload workload;
    private Case values;
    private List<Verdict> ours = List.of();

    /**
     * A comparison.
     *
     * @param peers     the others, closed with this
     * @param rounds    how often each has its turn with a workload, at least once
     * @param allowLoad whether times count that were taken while others kept the machine busy
     */
    public SideBySide(List<Peer> peers, int rounds, boolean allowLoad) {
        this(peers, rounds, allowLoad, MachineLoad::new);
    }

    /** With another way of telling the load. */
    SideBySide(List<Peer> peers, int rounds, boolean allowLoad, Supplier<MachineLoad> loads) {
        this.loads = loads;
        this.peers = List.copyOf(peers);
        this.rounds = rounds;
        this.allowLoad = allowLoad;
    }

    /**
     * The error that another library may have, relative to scale, and still computes the same: it is printed beside
     * ours. PyTorch keeps within 1e-6 on most inputs; sums over 10⁵ rows in float32 are off by up to some 1e-5. Where
     * less is stored, four units in the last place.
     */
    static double leniency(ElementType storage) {
        return switch (storage) {
            case F16 -> 4 * Math.scalb(1.0, -11);
            case BF16 -> 4 * Math.scalb(1.0, -8);
            default -> 1e-4;
        };
    }

    @Override
    public Optional<String> fault(Device device, Workload asked) {
        take(asked);
        ours = reference.verdicts(values, device);
        return fault(ours);
    }

    private static Optional<String> fault(List<Verdict> verdicts) {
        return verdicts.stream().filter(verdict -> !verdict.passed()).findFirst().map(Verdict::toString);
    }

    /** One workload's values at a time: they may be large. */
    private void take(Workload asked) {
        if (!asked.equals(workload)) {
            workload = asked;
            values = Case.of(asked);
            ours = List.of();
        }
    }

    /**
     * Checks the others on a workload and times them.
     *
     * @param asked    the workload
     * @param subject  runs it on our device
     * @param watch    of our device
     * @param progress told what is being done
     * @param failures told which of them was not timed, and why
     * @return for each pass the times of those that compute the same
     */
    Times times(Workload asked, Subject subject, Stopwatch watch, Consumer<String> progress,
            Consumer<String> failures) {
        take(asked);
        subject.values(values);
        Times times = new Times(new ArrayList<>(), new ArrayList<>());
        for (Peer peer : peers) {
            try {
                progress.accept("checking " + peer.name() + " " + asked);
                List<Verdict> theirs = reference.verdicts(values, peer::open, leniency(values.x().type()));
                Optional<String> fault = fault(theirs);
                if (fault.isPresent()) {
                    failures.accept(peer.name() + " computes something else, not timed: " + fault.get());
                    continue;
                }
                progress.accept("timing " + peer.name() + " " + asked);
                add(times, peer, subject, watch, theirs);
            } catch (IllegalArgumentException refused) {
                failures.accept(peer.name() + " does not do this: " + refused.getMessage());
            }
        }
        return times;
    }

    /** What others took for the two passes. */
    record Times(List<PeerTimes> forward, List<PeerTimes> backward) {
    }

    private void add(Times times, Peer peer, Subject subject, Stopwatch watch, List<Verdict> theirs) {
        double load = Double.NaN;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            PeerRounds turns = new PeerRounds(subject, watch, peer, workload.backward());
            MachineLoad others = loads.get();
            for (int i = 0; i < rounds; i++) {
                turns.round();
            }
            load = others.ofOthers();
            if (allowLoad || !(load > MachineLoad.MOST)) {
                times.forward.add(turns.forward(error(theirs, Task.Pass.FORWARD), error(ours, Task.Pass.FORWARD),
                        load));
                times.backward.add(turns.backward(error(theirs, Task.Pass.BACKWARD), error(ours, Task.Pass.BACKWARD),
                        load));
                return;
            }
        }
        throw new PeerException(String.format(Locale.ROOT, "the machine is busy: others used %.0f %% of its processors"
                + " while %s was timed, more than %.0f %%, %d times in a row; wait until it is quiet, or let it pass"
                + " with --allow-load", 100 * load, workload, 100 * MachineLoad.MOST, ATTEMPTS));
    }

    /** The largest error of the pass's tensors, NaN if none was judged. */
    private static double error(List<Verdict> verdicts, Task.Pass pass) {
        return verdicts.stream().filter(verdict -> verdict.tensor().startsWith("d") == (pass == Task.Pass.BACKWARD))
                .mapToDouble(Verdict::error).max().orElse(Double.NaN);
    }

    @Override
    public void close() {
        peers.forEach(Peer::close);
        reference.close();
    }
}
