package org.clnorm.engine.cpu;

import java.util.stream.IntStream;
import org.clnorm.engine.BackwardCall;

/** One backward pass in float, operation by operation that of {@code common/bitwise.cl}. */
final class BitwiseBackward {
    private final BackwardCall call;
    private final ArrayStorage x;
    private final ArrayStorage dy;
    private final ArrayStorage dx;
    private final ArrayStorage weight;
    private final BitwiseStatistics statistics;
    private final GroupWalks walks;

    BitwiseBackward(BackwardCall call) {
        this.call = call;
        x = CpuDevice.array(call.x());
        dy = CpuDevice.array(call.dy());
        dx = CpuDevice.array(call.dx());
        weight = CpuDevice.array(call.weight());
        statistics = (BitwiseStatistics) call.saved();
        walks = new GroupWalks(call.view());
    }

    void run() {
        if (call.dweight() != null || call.dbias() != null) {
            Walk parameters = walks.parameters();
            BitwiseWalk elements = BitwiseWalk.of(walks.parameterElements());
            IntStream.range(0, parameters.size()).parallel()
                    .forEach(i -> parameterGradient(parameters.at(i), elements));
        }
        // last, since it may take the place of x or dy
        if (dx != null) {
            Walk groups = walks.groups();
            BitwiseWalk elements = BitwiseWalk.of(walks.groupElements());
            IntStream.range(0, groups.size()).parallel().forEach(g -> inputGradient(g, groups.at(g), elements));
        }
    }

    /** dx = rstd · (g − ⟨g⟩ − x̂ · ⟨g · x̂⟩), or rstd · g where the statistics were given. */
    private void inputGradient(int group, Walk.Position start, BitwiseWalk elements) {
        int n = elements.size();
        float meanG = call.given() ? 0 : BitwiseSum.of(n, e -> g(start, elements, e)) / n;
        float meanGx = call.given() ? 0
                : BitwiseSum.of(n, e -> g(start, elements, e) * normalized(group, start, elements, e)) / n;
        for (int e = 0; e < n; e++) {
            float g = g(start, elements, e);
            if (!call.given()) {
                g = (g - meanG) - normalized(group, start, elements, e) * meanGx;
            }
            dx.set(start.offset() + elements.offsets()[e],
                    (g * statistics.rstd()[group]) * statistics.scale()[group]);
        }
    }

    private float g(Walk.Position start, BitwiseWalk elements, int e) {
        float value = dy(start, elements, e);
        return weight == null ? value : value * (float) weight.get(start.param() + elements.params()[e]);
    }

    private float dy(Walk.Position start, BitwiseWalk elements, int e) {
        return (float) dy.get(start.offset() + elements.offsets()[e]);
    }

    private float normalized(int group, Walk.Position start, BitwiseWalk elements, int e) {
        return statistics.normalized((float) x.get(start.offset() + elements.offsets()[e]), group);
    }

    private void parameterGradient(Walk.Position start, BitwiseWalk elements) {
        int n = elements.size();
        store(CpuDevice.array(call.dweight()), start.param(), BitwiseSum.of(n, e -> dy(start, elements, e)
                * normalized(start.group() + elements.groups()[e], start, elements, e)));
        store(CpuDevice.array(call.dbias()), start.param(), BitwiseSum.of(n, e -> dy(start, elements, e)));
    }

    private void store(ArrayStorage gradient, int param, float value) {
        if (gradient != null) {
            gradient.set(param, call.accumulate() ? (float) gradient.get(param) + value : value);
        }
    }
}
