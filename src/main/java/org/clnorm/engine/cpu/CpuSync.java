package org.clnorm.engine.cpu;

import java.util.stream.IntStream;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.SyncSums;

/** The gradients of one backward pass over several devices, of sums that are there. */
final class CpuSync {
    private final BackwardCall call;
    private final SyncSums sums;

    CpuSync(BackwardCall call, SyncSums sums) {
        this.call = call;
        this.sums = sums;
    }

    void run() {
        if (call.dx() != null && call.x().size() > 0) {
            GroupWalks walks = new GroupWalks(call.view());
            Walk groups = walks.groups();
            Walk elements = walks.groupElements();
            IntStream.range(0, groups.size()).parallel().forEach(g -> inputGradient(g, groups.at(g), elements));
        }
        // a layer's state, last
        store(CpuDevice.array(call.dweight()), sums.dweight());
        store(CpuDevice.array(call.dbias()), sums.dbias());
    }

    private void inputGradient(int channel, Walk.Position start, Walk elements) {
        CpuStatistics statistics = (CpuStatistics) call.saved();
        ArrayStorage x = CpuDevice.array(call.x());
        ArrayStorage dy = CpuDevice.array(call.dy());
        ArrayStorage dx = CpuDevice.array(call.dx());
        double weight = call.weight() == null ? 1
                : CpuStatistics.weight(call.task().form(), CpuDevice.array(call.weight()).get(channel));
        elements.forEach(start, (offset, param, unused, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                double g = dy.get(at) - sums.meanG()[channel]
                        - statistics.normalized(x.get(at), channel) * sums.meanGx()[channel];
                dx.set(at, statistics.rstd()[channel] * weight * g);
            }
        });
    }

    private void store(ArrayStorage gradient, double[] values) {
        for (int c = 0; gradient != null && c < values.length; c++) {
            gradient.set(c, call.accumulate() ? gradient.get(c) + values[c] : values[c]);
        }
    }
}
