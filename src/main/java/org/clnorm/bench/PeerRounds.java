package org.clnorm.bench;

import org.clnorm.bench.peer.Peer;
import org.clnorm.bench.peer.Turn;

/**
 * Times a workload and a peer in turns. A turn is a stretch of a training loop: pairs of a forward and a backward pass,
 * of which the first are for warming up and the last is timed. The peer does the same in its turn, and answers when
 * its threads have come to rest: those of OpenMP spin for 5 to 7 milliseconds after their work, on the processors that
 * are ours next. After such a pause a processor needs some 30 milliseconds of work to come to its speed again: the
 * first pairs take up to 2.4 times as long, ours and the peer's alike (two cores of a virtual machine, layer_norm
 * 4096x1024).
 */
final class PeerRounds {
    private static final int WARM_PAIRS = 2;
    private static final long WARM_NANOS = 40_000_000;

    private final Subject subject;
    private final Stopwatch watch;
    private final Peer peer;
    private final boolean backward;
    private final Samples ourForward = new Samples();
    private final Samples ourBackward = new Samples();
    private final Samples forward = new Samples();
    private final Samples backwards = new Samples();
    private final Samples forwardDevice = new Samples();
    private final Samples backwardDevice = new Samples();

    PeerRounds(Subject subject, Stopwatch watch, Peer peer, boolean backward) {
        this.subject = subject;
        this.watch = watch;
        this.peer = peer;
        this.backward = backward;
    }

    void round() {
        ours();
        Turn turn = peer.turn();
        forward.add(turn.forward());
        backwards.add(turn.backward());
        if (turn.forwardDevice() >= 0) {
            forwardDevice.add(turn.forwardDevice());
            backwardDevice.add(turn.backwardDevice());
        }
    }

    private void ours() {
        long end = System.nanoTime() + WARM_NANOS;
        for (int warm = 0; warm < WARM_PAIRS || System.nanoTime() - end < 0; warm++) {
            pair(new Samples(), new Samples());
        }
        pair(ourForward, ourBackward);
    }

    private void pair(Samples forwards, Samples others) {
        forwards.add(watch.wall(subject::forward));
        others.add(backward ? watch.wall(subject::backward) : 0);
    }

    /** What came of it, for the forward pass. */
    PeerTimes forward(double error, double ourError, double load) {
        return times(forward, ourForward, forwardDevice, error, ourError, load);
    }

    /** What came of it, for the backward pass. */
    PeerTimes backward(double error, double ourError, double load) {
        return times(backwards, ourBackward, backwardDevice, error, ourError, load);
    }

    private PeerTimes times(Samples theirs, Samples ours, Samples device, double error, double ourError, double load) {
        return new PeerTimes(peer.name(), peer.version(), theirs.median(), theirs.min(), ours.median(), ours.min(),
                device.isEmpty() ? Double.NaN : device.median(), error, ourError, load);
    }
}
