package org.clnorm.engine.cpu;

import java.util.stream.IntStream;
import org.clnorm.engine.ForwardCall;
import org.clnorm.plan.Task;

/** One forward pass in float, operation by operation that of {@code common/bitwise.cl}. */
final class BitwiseForward {
    private final ForwardCall call;
    private final ArrayStorage x;
    private final ArrayStorage y;
    private final ArrayStorage weight;
    private final ArrayStorage bias;
    private final float eps;
    private final Walk groups;
    private final BitwiseWalk elements;
    private final BitwiseStatistics statistics;

    BitwiseForward(ForwardCall call) {
        this(call, null);
    }

    /** With statistics that an earlier pass left, or null. */
    BitwiseForward(ForwardCall call, BitwiseStatistics saved) {
        this.call = call;
        x = CpuDevice.array(call.x());
        y = CpuDevice.array(call.y());
        weight = CpuDevice.array(call.weight());
        bias = CpuDevice.array(call.bias());
        eps = (float) call.eps();
        GroupWalks walks = new GroupWalks(call.view());
        groups = walks.groups();
        elements = BitwiseWalk.of(walks.groupElements());
        statistics = saved == null ? new BitwiseStatistics(groups.size()) : saved;
    }

    BitwiseStatistics run() {
        IntStream.range(0, groups.size()).parallel().forEach(this::group);
        if (call.update() != null) {
            new BitwiseUpdate(statistics, call.update()).run();
        }
        return statistics;
    }

    /** The statistics of a call that brings them, without y. */
    BitwiseStatistics given() {
        IntStream.range(0, groups.size()).forEach(this::given);
        return statistics;
    }

    private void group(int group) {
        Walk.Position start = groups.at(group);
        if (call.task().statistics() == Task.Statistics.BATCH) {
            statistics.set(group, BitwiseMoments.of(elements.size(),
                    e -> (float) x.get(start.offset() + elements.offsets()[e]), eps), eps, call.zeroRstd());
        } else if (call.given() != null) {
            given(group);
        }
        if (y != null) {
            normalize(group, start);
        }
    }

    private void normalize(int group, Walk.Position start) {
        for (int e = 0; e < elements.size(); e++) {
            int at = start.offset() + elements.offsets()[e];
            int param = start.param() + elements.params()[e];
            float value = statistics.normalized((float) x.get(at), group);
            if (weight != null) {
                value *= (float) weight.get(param);
            }
            if (bias != null) {
                value += (float) bias.get(param);
            }
            y.set(at, value);
        }
    }

    private void given(int group) {
        statistics.setGiven(group, (float) CpuDevice.array(call.given().mean()).get(group),
                (float) CpuDevice.array(call.given().variance()).get(group), eps, call.zeroRstd());
    }
}
