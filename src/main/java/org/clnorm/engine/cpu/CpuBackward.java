package org.clnorm.engine.cpu;

import java.util.stream.IntStream;
import org.clnorm.engine.BackwardCall;

/** One backward pass. */
final class CpuBackward {
    private final BackwardCall call;
    private final ArrayStorage x;
    private final ArrayStorage dy;
    private final ArrayStorage dx;
    private final ArrayStorage weight;
    private final CpuStatistics statistics;
    private final GroupWalks walks;

    CpuBackward(BackwardCall call) {
        this.call = call;
        x = CpuDevice.array(call.x());
        dy = CpuDevice.array(call.dy());
        dx = CpuDevice.array(call.dx());
        weight = CpuDevice.array(call.weight());
        statistics = (CpuStatistics) call.saved();
        walks = new GroupWalks(call.view());
    }

    void run() {
        if (call.dweight() != null || call.dbias() != null) {
            Walk parameters = walks.parameters();
            Walk elements = walks.parameterElements();
            IntStream.range(0, parameters.size()).parallel()
                    .forEach(i -> parameterGradient(parameters.at(i), elements));
        }
        // last, since it may take the place of x or dy
        if (dx != null) {
            Walk groups = walks.groups();
            Walk elements = walks.groupElements();
            IntStream.range(0, groups.size()).parallel().forEach(g -> inputGradient(g, groups.at(g), elements));
        }
    }

    private double g(int at, int param) {
        return weight == null ? dy.get(at) : dy.get(at) * weight.get(param);
    }

    /** dx = rstd · (g − ⟨g⟩ − x̂ · ⟨g · x̂⟩); the means vanish where the statistics were given. */
    private void inputGradient(int group, Walk.Position start, Walk elements) {
        double[] mean = call.given() ? new double[2] : means(group, start, elements);
        double rstd = statistics.rstd()[group];
        elements.forEach(start, (offset, param, unused, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                double g = g(at, param + i * line.paramStride());
                double xhat = call.given() ? 0 : statistics.normalized(x.get(at), group);
                dx.set(at, rstd * (g - mean[0] - xhat * mean[1]));
            }
        });
    }

    /** ⟨g⟩ and ⟨g · x̂⟩ of a group. */
    private double[] means(int group, Walk.Position start, Walk elements) {
        double[] sum = new double[2];
        elements.forEach(start, (offset, param, unused, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                double g = g(at, param + i * line.paramStride());
                sum[0] += g;
                sum[1] += g * statistics.normalized(x.get(at), group);
            }
        });
        return new double[] {sum[0] / elements.size(), sum[1] / elements.size()};
    }

    private void parameterGradient(Walk.Position start, Walk elements) {
        double[] sum = new double[2];
        elements.forEach(start, (offset, param, group, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                sum[0] += dy.get(at) * statistics.normalized(x.get(at), group + i * line.groupStride());
                sum[1] += dy.get(at);
            }
        });
        store(CpuDevice.array(call.dweight()), start.param(), sum[0]);
        store(CpuDevice.array(call.dbias()), start.param(), sum[1]);
    }

    private void store(ArrayStorage gradient, int param, double value) {
        if (gradient != null) {
            gradient.set(param, call.accumulate() ? gradient.get(param) + value : value);
        }
    }
}
