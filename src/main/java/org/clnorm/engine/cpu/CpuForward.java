package org.clnorm.engine.cpu;

import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.clnorm.engine.ForwardCall;
import org.clnorm.plan.Form;
import org.clnorm.plan.Join;

/** One forward pass. */
final class CpuForward {
    private final ForwardCall call;
    private final ArrayStorage x;
    private final ArrayStorage y;
    private final ArrayStorage weight;
    private final ArrayStorage bias;
    private final ArrayStorage after;
    private final Form form;
    private final Walk groups;
    private final Walk elements;
    private final CpuStatistics statistics;
    private final Valid valid;

    CpuForward(ForwardCall call) {
        this(call, null);
    }

    /** With statistics that an earlier pass left, or null. */
    CpuForward(ForwardCall call, CpuStatistics saved) {
        this.call = call;
        x = CpuDevice.array(call.normalized());
        y = CpuDevice.array(call.y());
        weight = CpuDevice.array(call.weight());
        bias = CpuDevice.array(call.bias());
        form = call.task().form();
        after = form.join() == Join.AFTER ? CpuDevice.array(call.extras().residual()) : null;
        GroupWalks walks = new GroupWalks(call.view());
        groups = walks.groups();
        elements = walks.groupElements();
        valid = new Valid(call.task().padding(), call.extras().lengths());
        int signs = call.task().keptSigns() > 0 ? x.length() : 0;
        statistics = saved == null ? new CpuStatistics(groups.size(), signs) : saved.with(signs);
    }

    CpuStatistics run() {
        if (form.join() == Join.BEFORE) {
            addBefore();
        }
        IntStream.range(0, groups.size()).parallel().forEach(this::group);
        if (call.update() != null) {
            statistics.move(call.update());
        }
        return statistics;
    }

    /** The statistics of a call that brings them, without y. */
    CpuStatistics given() {
        IntStream.range(0, groups.size()).forEach(this::given);
        return statistics;
    }

    private void addBefore() {
        ArrayStorage first = CpuDevice.array(call.x());
        ArrayStorage residual = CpuDevice.array(call.extras().residual());
        IntStream.range(0, x.length()).parallel().forEach(i -> x.set(i, first.get(i) + residual.get(i)));
    }

    private void group(int group) {
        Walk.Position start = groups.at(group);
        switch (call.task().statistics()) {
            case BATCH, RENORMALIZED -> {
                moments(group, start);
                statistics.rstd()[group] = CpuStatistics.rstd(statistics.variance()[group], call);
                if (call.renorm() != null) {
                    statistics.renormalize(group, call.renorm(), call.eps());
                }
            }
            case GIVEN -> given(group);
            case SAVED -> {
                // they are there
            }
        }
        if (y != null) {
            normalize(group, start);
        }
    }

    private void given(int group) {
        statistics.mean()[group] = CpuDevice.array(call.given().mean()).get(group);
        statistics.variance()[group] = CpuDevice.array(call.given().variance()).get(group);
        statistics.rstd()[group] = CpuStatistics.rstd(statistics.variance()[group], call);
    }

    /** Two passes, the second of which corrects the first: mean = m + δ, variance = Σd²/n − δ² with d = x − m. */
    private void moments(int group, Walk.Position start) {
        int n = valid.count(start, elements);
        if (n == 0) {
            return;
        }
        if (!form.centered()) {
            statistics.variance()[group] = sum(start, value -> value * value) / n;
            return;
        }
        double first = first(start);
        // sums of differences make the mean of equal values exact
        double pivot = Double.isFinite(first) ? first : 0;
        double m = pivot + sum(start, value -> value - pivot) / n;
        double delta = sum(start, value -> value - m) / n;
        double squares = sum(start, value -> (value - m) * (value - m));
        statistics.mean()[group] = Double.isFinite(m) ? m + delta : m;
        statistics.variance()[group] = Math.max(0, squares / n - delta * delta);
    }

    /** The first valid element of a group that has one. */
    private double first(Walk.Position start) {
        for (long i = 0;; i++) {
            int at = start.plus(elements.at(i)).offset();
            if (valid.at(at)) {
                return x.get(at);
            }
        }
    }

    private double sum(Walk.Position start, DoubleUnaryOperator term) {
        double[] sum = new double[1];
        elements.forEach(start, (offset, param, group, line) -> {
            double run = 0;
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                run += valid.at(at) ? term.applyAsDouble(x.get(at)) : 0;
            }
            sum[0] += run;
        });
        return sum[0];
    }

    private void normalize(int group, Walk.Position start) {
        elements.forEach(start, (offset, param, g, line) -> {
            for (int i = 0; i < line.length(); i++) {
                int at = offset + i * line.stride();
                int p = param + i * line.paramStride();
                double w = weight == null ? 1 : CpuStatistics.weight(form, weight.get(p));
                double b = bias == null ? 0 : bias.get(p);
                if (valid.at(at)) {
                    put(at, statistics.corrected(statistics.normalized(x.get(at), group), group) * w + b);
                } else {
                    y.set(at, 0);
                }
            }
        });
    }

    private void put(int at, double affine) {
        double value = form.activation().value(after == null ? affine : affine + after.get(at));
        y.set(at, value);
        if (statistics.positive().length > 0) {
            // what is stored decides, as it does for whoever reads y
            statistics.positive()[at] = !(y.get(at) <= 0);
        }
    }
}
