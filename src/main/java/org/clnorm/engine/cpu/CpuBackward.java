package org.clnorm.engine.cpu;

import java.util.stream.IntStream;
import org.clnorm.engine.BackwardCall;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;

/** One backward pass. */
final class CpuBackward {
    private final BackwardCall call;
    private final ArrayStorage x;
    private final ArrayStorage dy;
    private final ArrayStorage dx;
    private final ArrayStorage weight;
    private final ArrayStorage bias;
    private final ArrayStorage dsum;
    private final Form form;
    private final CpuStatistics statistics;
    private final GroupWalks walks;
    private final Valid valid;

    CpuBackward(BackwardCall call) {
        this.call = call;
        x = CpuDevice.array(call.x());
        dy = CpuDevice.array(call.extras().dresidual() == null ? call.dy() : call.extras().dresidual());
        dx = CpuDevice.array(call.dx());
        weight = CpuDevice.array(call.weight());
        bias = CpuDevice.array(call.bias());
        dsum = CpuDevice.array(call.extras().dsum());
        form = call.task().form();
        statistics = (CpuStatistics) call.saved();
        walks = new GroupWalks(call.view());
        valid = new Valid(call.task().padding(), call.extras().lengths());
    }

    void run() {
        if (call.extras().dresidual() != null) {
            gate();
        }
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

    /** The gradient of a sum is that of y, through the activation; by what the forward pass kept. */
    private void gate() {
        ArrayStorage given = CpuDevice.array(call.dy());
        IntStream.range(0, dy.length()).parallel().forEach(i -> dy.set(i, statistics.positive()[i] ? given.get(i) : 0));
    }

    private double weight(int param) {
        return weight == null ? 1 : CpuStatistics.weight(form, weight.get(param));
    }

    /** The gradient of x̂ · weight + bias. */
    private double affineGradient(int at, int param, double xhat, int group) {
        if (form.join() == Join.AFTER) {
            return dy.get(at);
        }
        double b = bias == null ? 0 : bias.get(param);
        return dy.get(at) * form.activation().derivative(statistics.corrected(xhat, group) * weight(param) + b);
    }

    private double xhat(int at, int group) {
        return statistics.normalized(x.get(at), group);
    }

    /** dx = rstd · (g − ⟨g⟩ − x̂ · ⟨g · x̂⟩); the means vanish where the statistics were given. */
    private void inputGradient(int group, Walk.Position start, Walk elements) {
        double[] mean = call.given() ? new double[2] : means(group, start, elements);
        double rstd = statistics.rstd()[group];
        elements.forEach(start, (offset, param, unused, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                if (!valid.at(at)) {
                    dx.set(at, 0);
                    continue;
                }
                double xhat = xhat(at, group);
                int p = param + i * line.paramStride();
                double g = affineGradient(at, p, xhat, group) * weight(p) * statistics.factor()[group];
                double gradient = rstd * (g - mean[0] - (call.given() ? 0 : xhat * mean[1]));
                dx.set(at, dsum == null ? gradient : gradient + dsum.get(at));
            }
        });
    }

    /** ⟨g⟩ and ⟨g · x̂⟩ of a group. */
    private double[] means(int group, Walk.Position start, Walk elements) {
        double[] sum = new double[2];
        elements.forEach(start, (offset, param, unused, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                if (!valid.at(at)) {
                    continue;
                }
                double xhat = xhat(at, group);
                int p = param + i * line.paramStride();
                double g = affineGradient(at, p, xhat, group) * weight(p) * statistics.factor()[group];
                sum[0] += g;
                sum[1] += g * xhat;
            }
        });
        int n = Math.max(1, valid.count(start, elements));
        return new double[] {form.centered() ? sum[0] / n : 0, sum[1] / n};
    }

    private void parameterGradient(Walk.Position start, Walk elements) {
        double[] sum = new double[2];
        elements.forEach(start, (offset, param, group, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                if (!valid.at(at)) {
                    continue;
                }
                int of = group + i * line.groupStride();
                double xhat = xhat(at, of);
                double g = affineGradient(at, start.param(), xhat, of);
                sum[0] += g * statistics.corrected(xhat, of);
                sum[1] += g;
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
