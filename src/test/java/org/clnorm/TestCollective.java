package org.clnorm;

import java.time.Duration;
import java.util.List;
import org.clnorm.sync.Collective;
import org.clnorm.sync.LocalCollective;

/** The ranks of a test, as threads, which count their messages. */
final class TestCollective implements Collective {
    private final Collective all;
    private int messages;

    private TestCollective(Collective all) {
        this.all = all;
    }

    static List<TestCollective> of(int ranks) {
        return LocalCollective.of(ranks).stream().map(TestCollective::new).toList();
    }

    int messages() {
        return messages;
    }

    @Override
    public int rank() {
        return all.rank();
    }

    @Override
    public int size() {
        return all.size();
    }

    @Override
    public Duration deadline() {
        return all.deadline();
    }

    @Override
    public double[] allGather(double[] mine) {
        messages++;
        return all.allGather(mine);
    }

    @Override
    public void allReduce(double[] values) {
        messages++;
        all.allReduce(values);
    }

    @Override
    public Pending beginAllReduce(float[] values) {
        messages++;
        return all.beginAllReduce(values);
    }

    @Override
    public void barrier() {
        all.barrier();
    }

    @Override
    public Collective split(int group) {
        return all.split(group);
    }

    @Override
    public void abort(String reason) {
        all.abort(reason);
    }

    @Override
    public void close() {
        all.close();
    }
}
