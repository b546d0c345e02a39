package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.clnorm.Drawn.Kind;
import org.clnorm.Drawn.Passes;
import org.clnorm.Drawn.Scales;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;

/**
 * What is true of normalization by algebra, whatever the layer and its input. Each result is within {@link #error} of
 * its scale; where two results are compared both may err, and a sum errs as often as it has terms.
 */
abstract class LayerFacts {
    private static final double EPS = 1e-5;
    /** A layer's errors in two results. */
    private static final double BOTH = 2;

    /** Where the layers run. */
    abstract List<Device> devices();

    /** The error of a result relative to its scale: the contract's, or that of one rounding. */
    abstract double error();

    @Provide
    abstract Arbitrary<Drawn> layers();

    private void assertNear(double[] expected, double[] got, double allowed, String what) {
        assertEquals(expected.length, got.length, what);
        for (int i = 0; i < expected.length; i++) {
            int at = i;
            assertTrue(Math.abs(expected[i] - got[i]) <= allowed, () -> what + "[" + at + "]: expected " + expected[at]
                    + " within " + allowed + ", got " + got[at]);
        }
    }

    private void assertSame(Passes expected, Passes got, Scales scales, double ofDx) {
        double both = BOTH * error();
        assertNear(expected.y(), got.y(), both * scales.y(), "y");
        double[] dx = IntStream.range(0, got.dx().length).mapToDouble(i -> got.dx()[i] * ofDx).toArray();
        assertNear(expected.dx(), dx, both * scales.dx(), "dx");
        if (expected.dweight() != null) {
            assertNear(expected.dweight(), got.dweight(), both * scales.dweight(), "dweight");
            assertNear(expected.dbias(), got.dbias(), both * scales.dbias(), "dbias");
        }
    }

    private static double[] each(int count, IntToDoubleFunction value) {
        return IntStream.range(0, count).mapToDouble(value).toArray();
    }

    /** All that a layer computes depends on distances from the mean. */
    @Property
    void aConstantAddedToXChangesNothing(@ForAll("layers") Drawn drawn,
            @ForAll @IntRange(min = -999, max = 999) int c) {
        double[] x = drawn.x();
        double[] shifted = each(x.length, i -> x[i] + c);
        Scales scales = drawn.scales(x, drawn.dy(), EPS);
        for (Device device : devices()) {
            assertSame(drawn.passes(device, x, drawn.dy(), EPS), drawn.passes(device, shifted, drawn.dy(), EPS), scales,
                    1);
        }
    }

    /** x̂ of k·x with k²·eps is that of x with eps, and its derivative a k-th. */
    @Property
    void aFactorOfXChangesDxAlone(@ForAll("layers") Drawn drawn, @ForAll @IntRange(min = -20, max = 20) int power) {
        double k = Math.scalb(1, power);
        double[] x = drawn.x();
        double[] scaled = each(x.length, i -> k * x[i]);
        Scales scales = drawn.scales(x, drawn.dy(), EPS);
        for (Device device : devices()) {
            assertSame(drawn.passes(device, x, drawn.dy(), EPS),
                    drawn.passes(device, scaled, drawn.dy(), k * k * EPS), scales, k);
        }
    }

    /** Without a weight, y has mean 0 in each group, and the variance that x has of what it has and eps. */
    @Property
    void yHasMeanZeroAndVarianceOne(@ForAll("layers") Drawn any) {
        Drawn drawn = any.plain();
        double[] x = drawn.x();
        Reference reference = drawn.reference(EPS);
        Reference.Moments ofX = reference.moments(x);
        double error = error() * drawn.scales(x, drawn.dy(), EPS).y();
        for (Device device : devices()) {
            double[] y = drawn.passes(device, x, drawn.dy(), EPS).y();
            Reference.Moments ofY = reference.moments(y);
            double largest = IntStream.range(0, y.length).mapToDouble(i -> Math.abs(y[i])).max().orElse(0);
            for (int g = 0; g < reference.groups(); g++) {
                assertEquals(0, ofY.mean()[g], error, "mean");
                double variance = ofX.variance()[g] / (ofX.variance()[g] + EPS);
                assertEquals(variance, ofY.variance()[g], 4 * error * largest + 4 * error * error, "variance");
            }
        }
    }

    /** dx · 1 is 0 in each group, and dx · x̂ what eps leaves of it. */
    @Property
    void dxIsOrthogonalToOneAndToTheNormalized(@ForAll("layers") Drawn drawn) {
        double[] x = drawn.x();
        double[] dy = drawn.dy();
        Reference reference = drawn.reference(EPS);
        Reference.Moments moments = reference.moments(x);
        double[] normalized = reference.normalized(x, moments);
        double error = error() * drawn.scales(x, dy, EPS).dx();
        double largest = IntStream.range(0, x.length).mapToDouble(i -> Math.abs(normalized[i])).max().orElse(0);
        for (Device device : devices()) {
            double[] dx = drawn.passes(device, x, dy, EPS).dx();
            double[] left = leftOver(drawn, moments, normalized, dy);
            for (int i = 0; i < x.length; i++) {
                left[reference.group().applyAsInt(i)] -= dx[i] * normalized[i];
            }
            double[] ofDx = reference.moments(dx).mean();
            for (int g = 0; g < reference.groups(); g++) {
                assertEquals(0, ofDx[g], error, "dx · 1");
                assertEquals(0, left[g], error * largest * moments.count()[g] + 1e-12 * error, "dx · x̂");
            }
        }
    }

    /** rstd · Σ dy · weight · x̂ · eps / (variance + eps) of each group. */
    private static double[] leftOver(Drawn drawn, Reference.Moments moments, double[] normalized, double[] dy) {
        Reference reference = drawn.reference(EPS);
        double[] weight = drawn.weight();
        double[] left = new double[reference.groups()];
        for (int i = 0; i < dy.length; i++) {
            int g = reference.group().applyAsInt(i);
            double factor = weight == null ? 1 : weight[reference.parameter().applyAsInt(i)];
            double variance = moments.variance()[g] + EPS;
            left[g] += dy[i] * factor * normalized[i] * EPS / (variance * Math.sqrt(variance));
        }
        return left;
    }

    /** Σ dbias = Σ dy, and Σ weight · dweight = Σ dy · (y − bias). */
    @Property
    void gradientsOfParametersAddUp(@ForAll("layers") Drawn drawn) {
        Assume.that(drawn.affine());
        double[] dy = drawn.dy();
        double[] weight = drawn.weight();
        double[] bias = drawn.bias();
        Reference reference = drawn.reference(EPS);
        Scales scales = drawn.scales(drawn.x(), dy, EPS);
        for (Device device : devices()) {
            Passes passes = drawn.passes(device, drawn.x(), dy, EPS);
            double ofBias = IntStream.range(0, bias.length).mapToDouble(p -> passes.dbias()[p]).sum();
            double ofDy = IntStream.range(0, dy.length).mapToDouble(i -> dy[i]).sum();
            assertEquals(ofDy, ofBias, error() * bias.length * scales.dbias(), "dbias");
            double sum = IntStream.range(0, weight.length).mapToDouble(p -> weight[p] * passes.dweight()[p]).sum();
            double magnitude = IntStream.range(0, weight.length).mapToDouble(p -> Math.abs(weight[p])).sum();
            double products = 0;
            double ofErrors = 0;
            for (int i = 0; i < dy.length; i++) {
                products += dy[i] * (passes.y()[i] - bias[reference.parameter().applyAsInt(i)]);
                ofErrors += Math.abs(dy[i]) * scales.y();
            }
            assertEquals(products, sum, error() * (magnitude * scales.dweight() + ofErrors), "dweight");
        }
    }

    /** backward(2·a − b) = 2·backward(a) − backward(b). */
    @Property
    void backwardIsLinear(@ForAll("layers") Drawn drawn) {
        double[] x = drawn.x();
        double[] a = drawn.dy();
        double[] b = drawn.otherDy();
        double[] both = each(x.length, i -> 2 * a[i] - b[i]);
        double allowed = error() * (drawn.scales(x, both, EPS).dx() + 2 * drawn.scales(x, a, EPS).dx()
                + drawn.scales(x, b, EPS).dx());
        double ofWeight = error() * (drawn.scales(x, both, EPS).dweight() + 2 * drawn.scales(x, a, EPS).dweight()
                + drawn.scales(x, b, EPS).dweight());
        for (Device device : devices()) {
            Passes ofA = drawn.passes(device, x, a, EPS);
            Passes ofB = drawn.passes(device, x, b, EPS);
            Passes ofBoth = drawn.passes(device, x, both, EPS);
            assertNear(each(x.length, i -> 2 * ofA.dx()[i] - ofB.dx()[i]), ofBoth.dx(), allowed, "dx");
            if (drawn.affine()) {
                assertNear(each(drawn.parameters(), p -> 2 * ofA.dweight()[p] - ofB.dweight()[p]), ofBoth.dweight(),
                        ofWeight, "dweight");
            }
        }
    }

    @Property
    void samplesMayComeInAnyOrder(@ForAll("layers") Drawn drawn, @ForAll @IntRange(min = 1, max = 7) int by) {
        int turn = by % drawn.samples() * drawn.sample();
        double[] x = drawn.x();
        double[] dy = drawn.dy();
        int size = drawn.size();
        Scales scales = drawn.scales(x, dy, EPS);
        for (Device device : devices()) {
            Passes straight = drawn.passes(device, x, dy, EPS);
            Passes turned = drawn.passes(device, each(size, i -> x[(i + turn) % size]),
                    each(size, i -> dy[(i + turn) % size]), EPS);
            assertSame(new Passes(each(size, i -> straight.y()[(i + turn) % size]),
                    each(size, i -> straight.dx()[(i + turn) % size]), straight.dweight(), straight.dbias()), turned,
                    scales, 1);
        }
    }

    /** In evaluation y = (x − running mean) · weight / √(running variance + eps) + bias. */
    @Property
    void evaluationIsAffine(@ForAll("layers") Drawn any, @ForAll boolean batch) {
        Drawn drawn = any.as(batch ? Kind.BATCH : Kind.INSTANCE, 1);
        Assume.that(drawn.isAllowed());
        double[] x = drawn.x();
        for (Device device : devices()) {
            try (Scope scope = device.scope();
                    TrackingLayer layer = (TrackingLayer) drawn.layer(EPS).on(device)) {
                layer.forward(drawn.tensor(device, drawn.dy()));
                Tensor y = layer.eval().forward(drawn.tensor(device, x));
                assertAffine(drawn, x, layer, y.readDoubles());
            }
        }
    }

    private void assertAffine(Drawn drawn, double[] x, TrackingLayer layer, double[] y) {
        Reference reference = Drawn.Kind.BATCH == drawn.kind() ? drawn.reference(EPS)
                : drawn.as(Kind.BATCH, 1).reference(EPS);
        Reference.Moments running = new Reference.Moments(layer.runningMean().readDoubles(),
                layer.runningVar().readDoubles(), null);
        Reference.Expected expected = reference.forward(x, running, drawn.weight(), drawn.bias());
        assertNear(expected.values(), y, error() * expected.scale(), "y");
    }

    /** Batch normalization of one sample, and group normalization of groups of one channel, are of instances. */
    @Property
    void instancesAreBatchesOfOneAndGroupsOfOne(@ForAll("layers") Drawn any) {
        Drawn one = new Drawn(Kind.BATCH, 1, any.channels(), any.rows(), any.width(), 1, any.affine(), any.seed());
        Drawn many = any.as(Kind.GROUP, any.channels());
        for (Drawn drawn : List.of(one, many)) {
            Drawn instances = drawn.as(Kind.INSTANCE, 1);
            Assume.that(instances.isAllowed());
            Scales scales = instances.scales(drawn.x(), drawn.dy(), EPS);
            for (Device device : devices()) {
                assertSame(instances.passes(device, drawn.x(), drawn.dy(), EPS),
                        drawn.passes(device, drawn.x(), drawn.dy(), EPS), scales, 1);
            }
        }
    }

    /** Group normalization of one group is layer normalization of a sample, but that channels share parameters. */
    @Property
    void oneGroupIsALayer(@ForAll("layers") Drawn any) {
        Drawn group = any.as(Kind.GROUP, 1).plain();
        Assume.that(group.isAllowed());
        Drawn layer = group.as(Kind.LAYER, 1);
        Scales scales = group.scales(group.x(), group.dy(), EPS);
        for (Device device : devices()) {
            assertSame(layer.passes(device, layer.x(), layer.dy(), EPS),
                    group.passes(device, group.x(), group.dy(), EPS), scales, 1);
        }
    }
}
