package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.clnorm.engine.BackwardCall;
import org.clnorm.engine.ForwardCall;
import org.clnorm.engine.NormEngine;
import org.clnorm.engine.SavedStatistics;
import org.clnorm.plan.Axis;
import org.clnorm.plan.NormView;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Half;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A pass over tensors of so many elements that the host does not look at all of them: they are 0 but for a few, at both
 * ends and where a counter of bytes or elements may end, so that all that should come out is known from these.
 */
final class SparseCheck {
    private static final double TOLERANCE = 6e-7;
    private static final double EPS = 1e-5;
    private static final float WEIGHT = 1.5f;
    private static final float BIAS = 0.25f;

    private final NormView view;
    private final DataType type;
    /** Elements that are looked at. */
    private final NavigableSet<Long> looked = new TreeSet<>();
    /** Those of x and dy that are not 0. */
    private final Map<Long, double[]> values = new HashMap<>();
    private final Map<Long, Group> groups = new HashMap<>();
    private final Map<Long, double[]> parameters = new HashMap<>();

    /** What the elements of a group come to that are not 0. */
    private static final class Group {
        private double mean;
        private double rstd = 1 / Math.sqrt((float) EPS);
        private double g;
        private double gx;
        private double magnitude;
    }

    SparseCheck(NormView view, DataType type) {
        this.view = view;
        this.type = type;
        long last = view.elements() - 1;
        for (int bits = 28; bits < 34; bits++) {
            for (int beside = -2; beside < 3; beside++) {
                long at = (1L << bits) + beside;
                looked.add(at % view.elements());
                if (at <= last && beside % 2 == 0) {
                    give(at);
                }
            }
        }
        give(0);
        give(last);
        give(last / 3 * 2);
        looked.add(1L);
        looked.add(last - 1);
        values.forEach((at, value) -> group(at).mean += value[0] / view.groupSize());
        values.keySet().forEach(at -> group(at).rstd = 0);
        Map<Group, Long> counts = new HashMap<>();
        values.forEach((at, value) -> {
            Group group = group(at);
            group.rstd += (value[0] - group.mean) * (value[0] - group.mean) / view.groupSize();
            counts.merge(group, 1L, Long::sum);
        });
        counts.forEach((group, count) -> {
            double zeros = (view.groupSize() - count) * group.mean * group.mean / view.groupSize();
            group.rstd = 1 / Math.sqrt(group.rstd + zeros + (float) EPS);
        });
        values.forEach((at, value) -> {
            Group group = group(at);
            double xHat = xHat(at);
            group.g += value[1] * WEIGHT / view.groupSize();
            group.gx += value[1] * WEIGHT * xHat / view.groupSize();
            group.magnitude += Math.abs(value[1] * WEIGHT * xHat) / view.groupSize();
            double[] sums = parameters.computeIfAbsent(index(at, false), p -> new double[4]);
            sums[0] += value[1] * xHat;
            sums[1] += value[1];
            sums[2] += Math.abs(value[1] * xHat);
            sums[3] += Math.abs(value[1]);
        });
    }

    private void give(long at) {
        looked.add(at);
        values.put(at, new double[] {40 + at % 5 * (at % 2 == 0 ? 8 : -16), at % 7 - 2.5});
    }

    private Group group(long at) {
        return groups.computeIfAbsent(index(at, true), g -> new Group());
    }

    /** Of the group or the parameter of an element. */
    private long index(long at, boolean ofGroup) {
        long rest = at;
        long index = 0;
        for (Axis axis : view.axes()) {
            long i = rest / axis.stride();
            rest %= axis.stride();
            if (!ofGroup) {
                index += i * axis.paramStride();
            } else if (!axis.reduced()) {
                index = index * axis.size() + i;
            }
        }
        return index;
    }

    private double value(long at, int which) {
        double[] known = values.get(at);
        return known == null ? 0 : known[which];
    }

    private double xHat(long at) {
        return (value(at, 0) - group(at).mean) * group(at).rstd;
    }

    private double y(long at) {
        return xHat(at) * WEIGHT + BIAS;
    }

    private double dx(long at) {
        Group group = group(at);
        return group.rstd * (value(at, 1) * WEIGHT - group.g - xHat(at) * group.gx);
    }

    private double dxScale(long at) {
        Group group = group(at);
        return group.rstd * (Math.abs(value(at, 1) * WEIGHT) + Math.abs(xHat(at)) * group.magnitude);
    }

    /** Bytes of one tensor. */
    long bytes() {
        return view.elements() * type.bytes();
    }

    /** Both passes, in memory for two tensors; dx takes the place of dy. */
    void run(Device device) {
        NormEngine engine = NormEngine.of(device);
        int count = Math.toIntExact(view.parameters());
        try (Scope scope = device.scope()) {
            Tensor weight = device.zeros(count).fill(WEIGHT);
            Tensor bias = device.zeros(count).fill(BIAS);
            Tensor dweight = device.zeros(count).fill(Double.NaN);
            Tensor dbias = device.zeros(count).fill(Double.NaN);
            Tensor x = tensor(device, 0);
            SavedStatistics saved;
            try (Tensor y = device.empty(type, x.shape())) {
                saved = engine.forward(new ForwardCall(view, x, y, weight, bias, EPS, false, null, null));
                checkY(y);
            }
            Tensor dy = tensor(device, 1);
            engine.backward(new BackwardCall(view, x, dy, dy, weight, dweight, dbias, false, false, saved));
            saved.close();
            double scale = looked.stream().mapToDouble(this::dxScale).max().orElseThrow();
            looked.forEach(at -> check("dx", at, dx(at), read(dy, at), scale));
            for (int i = 0; i < 2; i++) {
                int which = i;
                float[] got = (i == 0 ? dweight : dbias).read();
                double most = parameters.values().stream().mapToDouble(sums -> sums[2 + which]).max().orElseThrow();
                for (int p = 0; p < count; p++) {
                    double[] sums = parameters.getOrDefault((long) p, new double[4]);
                    near(i == 0 ? "dweight" : "dbias", p, sums[which], got[p], most);
                }
            }
        }
    }

    /** The forward pass, in the place of x. */
    void runInPlace(Device device) {
        int count = Math.toIntExact(view.parameters());
        try (Scope scope = device.scope()) {
            Tensor weight = device.zeros(count).fill(WEIGHT);
            Tensor bias = device.zeros(count).fill(BIAS);
            Tensor x = tensor(device, 0);
            NormEngine.of(device).forward(new ForwardCall(view, x, x, weight, bias, EPS, false, null, null)).close();
            checkY(x);
        }
    }

    private Tensor tensor(Device device, int which) {
        Tensor tensor = device.empty(type, Shape.of(view.elements())).fill(0);
        values.forEach((at, value) -> tensor.storage().write(at, new double[] {value[which]}, 0, 1));
        return tensor;
    }

    private void checkY(Tensor y) {
        double scale = looked.stream().mapToDouble(at -> Math.abs(y(at) - BIAS) + BIAS).max().orElseThrow();
        looked.forEach(at -> check("y", at, y(at), read(y, at), scale));
    }

    private static float read(Tensor tensor, long at) {
        float[] value = new float[1];
        tensor.storage().read(at, value, 0, 1);
        return value[0];
    }

    private void check(String name, long at, double expected, float got, double scale) {
        if (type == DataType.F32 || !Half.isNear(type, expected, got)) {
            near(name, at, expected, got, scale);
        }
    }

    private void near(String name, long at, double expected, float got, double scale) {
        assertTrue(Math.abs(expected - got) <= TOLERANCE * scale,
                () -> name + " of " + view + " at " + at + ": expected " + expected + ", got " + got);
    }
}
