package org.clnorm.engine.opencl;

import org.clnorm.engine.ForwardCall;
import org.clnorm.tensor.DataType;

/**
 * The five planes of {@code common/numerics.cl} on the host: mean in two reals, rstd, scale and variance of every
 * group, all of it multiplied by scale. What the host makes of doubles, kernels find as if they had made it.
 */
final class StatisticsPlanes {
    static final int COUNT = 5;

    private static final int MEAN = 0;
    private static final int DELTA = 1;
    private static final int RSTD = 2;
    private static final int SCALE = 3;
    private static final int VARIANCE = 4;

    private final ForwardCall call;
    private final DataType real;
    private final double[] planes;
    private final int groups;

    private StatisticsPlanes(ForwardCall call, int groups) {
        this.call = call;
        this.groups = groups;
        real = call.x().type().statistics();
        planes = new double[COUNT * groups];
    }

    /** The planes of means and variances, for a call. */
    static double[] of(double[] mean, double[] variance, ForwardCall call) {
        StatisticsPlanes made = new StatisticsPlanes(call, mean.length);
        for (int g = 0; g < mean.length; g++) {
            made.put(g, mean[g], variance[g]);
        }
        return made.planes;
    }

    /** Mean and variance of every group of planes. */
    static void values(double[] planes, double[] mean, double[] variance) {
        int groups = mean.length;
        for (int g = 0; g < groups; g++) {
            double scale = planes[SCALE * groups + g];
            mean[g] = (planes[MEAN * groups + g] + planes[DELTA * groups + g]) / scale;
            variance[g] = planes[VARIANCE * groups + g] / scale / scale;
        }
    }

    private void put(int g, double mean, double variance) {
        double scale = scale(mean, variance);
        double high = real.round(mean * scale);
        double scaled = variance * scale * scale;
        double v = scaled + call.eps() * scale * scale;
        planes[MEAN * groups + g] = high;
        planes[DELTA * groups + g] = Double.isFinite(high) ? mean * scale - high : 0;
        planes[RSTD * groups + g] = v == 0 && call.zeroRstd() ? 0 : 1 / Math.sqrt(v);
        planes[SCALE * groups + g] = scale;
        planes[VARIANCE * groups + g] = scaled;
    }

    /** 1, but for groups whose squares leave a real's range; then as rescue_scale has it. */
    private double scale(double mean, double variance) {
        boolean wide = real == DataType.F64;
        double least = wide ? 0x1p-900 : 0x1p-80;
        if (!(variance > 0 && variance < Double.POSITIVE_INFINITY) || variance > least && variance <= real.largest()) {
            return 1;
        }
        int power = 1 - Math.getExponent(Math.abs(mean) + Math.sqrt(variance));
        if (call.eps() > 0) {
            power = Math.min(power, ((wide ? 900 : 100) - Math.getExponent(call.eps())) / 2);
        }
        int most = wide ? 1022 : 126;
        return Math.scalb(1.0, Math.max(-most, Math.min(most, power)));
    }
}
