package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What constructors and builders accept, and what a new layer is like. */
class ConstructionTest {
    private static void refuses(String message, Executable construction) {
        String got = assertThrows(IllegalArgumentException.class, construction).getMessage();
        assertTrue(got.contains(message), () -> "expected '" + message + "' in " + got);
    }

    @Test
    void numFeaturesArePositive() {
        for (long wrong : new long[] {0, -1, Long.MIN_VALUE}) {
            String message = "expected numFeatures of 1 or more, got " + wrong;
            refuses(message, () -> new BatchNorm1d(wrong));
            refuses(message, () -> new BatchNorm2d(wrong));
            refuses(message, () -> new BatchNorm3d(wrong));
            refuses(message, () -> new InstanceNorm1d(wrong));
            refuses(message, () -> new InstanceNorm2d(wrong));
            refuses(message, () -> new InstanceNorm3d(wrong));
        }
    }

    @Test
    void channelsAreAMultipleOfGroups() {
        String message = "expected numChannels to be a positive multiple of numGroups, got numGroups ";
        refuses(message + "4, numChannels 6", () -> new GroupNorm(4, 6));
        refuses(message + "0, numChannels 6", () -> new GroupNorm(0, 6));
        refuses(message + "-2, numChannels 6", () -> new GroupNorm(-2, 6));
        refuses(message + "2, numChannels 0", () -> new GroupNorm(2, 0));
        refuses(message + "2, numChannels -6", () -> new GroupNorm(2, -6));
        refuses(message + "12, numChannels 6", () -> new GroupNorm(12, 6));
    }

    @Test
    void normalizedShapeIsNotEmpty() {
        String message = "expected a normalizedShape of at least one dimension, each 1 or more, got ";
        refuses(message + "[]", () -> new LayerNorm());
        refuses(message + "[0]", () -> new LayerNorm(0));
        refuses(message + "[3, 0]", () -> new LayerNorm(3, 0));
        refuses("[3, -1]", () -> new LayerNorm(3, -1));
        refuses("expected at most 2^63 - 1 elements", () -> new LayerNorm(1L << 40, 1L << 40));
    }

    @Test
    void epsIsFiniteAndNotNegative() {
        for (double wrong : new double[] {-1e-5, -Double.MIN_VALUE, Double.NaN, Double.POSITIVE_INFINITY,
                Double.NEGATIVE_INFINITY}) {
            String message = "expected a finite eps of 0 or more, got " + wrong;
            refuses(message, () -> BatchNorm2d.builder(3).eps(wrong).build());
            refuses(message, () -> InstanceNorm2d.builder(3).eps(wrong).build());
            refuses(message, () -> GroupNorm.builder(3, 3).eps(wrong).build());
            refuses(message, () -> LayerNorm.builder(3).eps(wrong).build());
        }
        assertEquals(0, LayerNorm.builder(3).eps(0).build().eps());
    }

    @Test
    void momentumIsFromZeroToOne() {
        for (double wrong : new double[] {-0.1, 1.1, Double.NaN, Double.POSITIVE_INFINITY}) {
            String message = "expected a momentum from 0 to 1, got " + wrong;
            refuses(message, () -> BatchNorm1d.builder(3).momentum(wrong).build());
            refuses(message, () -> InstanceNorm1d.builder(3).momentum(wrong).build());
        }
        BatchNorm1d.builder(3).momentum(0).build();
        BatchNorm1d.builder(3).momentum(1).build();
    }

    @Test
    void defaultsArePyTorchs() {
        BatchNorm2d batch = new BatchNorm2d(3);
        assertTrue(batch.tracks());
        assertTrue(batch.isTraining());
        assertEquals(1e-5, batch.eps());
        assertEquals(3, batch.numFeatures());
        assertEquals(DataType.F32, batch.dataType());
        assertEquals(List.of("weight", "bias"), List.copyOf(batch.parameters().keySet()));
        InstanceNorm2d instance = new InstanceNorm2d(3);
        assertFalse(instance.tracks());
        assertEquals(1e-5, instance.eps());
        assertTrue(instance.parameters().isEmpty());
        assertEquals(List.of("weight", "bias"), List.copyOf(new GroupNorm(2, 6).parameters().keySet()));
        assertEquals(2, new GroupNorm(2, 6).numGroups());
        assertEquals(6, new GroupNorm(2, 6).numChannels());
        LayerNorm layer = new LayerNorm(3, 4);
        assertEquals(Shape.of(3, 4), layer.normalizedShape());
        assertEquals(Shape.of(3, 4), layer.weight().shape());
        assertEquals(Shape.of(3, 4), layer.bias().shape());
    }

    @Test
    void parametersThatThereAre() {
        assertEquals(List.of("weight"), List.copyOf(BatchNorm2d.builder(3).bias(false).build().parameters().keySet()));
        assertTrue(BatchNorm2d.builder(3).affine(false).build().parameters().isEmpty());
        assertEquals(List.of("weight", "bias"),
                List.copyOf(InstanceNorm2d.builder(3).affine(true).build().parameters().keySet()));
        assertEquals(List.of("weight"), List.copyOf(GroupNorm.builder(1, 3).bias(false).build().parameters().keySet()));
        assertTrue(GroupNorm.builder(1, 3).affine(false).build().parameters().isEmpty());
        assertEquals(List.of("weight"), List.copyOf(LayerNorm.builder(3).bias(false).build().parameters().keySet()));
        assertTrue(LayerNorm.builder(3).elementwiseAffine(false).build().parameters().isEmpty());
    }

    @Test
    void missingParametersAreNamed() {
        NormLayer plain = new InstanceNorm2d(3);
        assertTrue(assertThrows(IllegalStateException.class, plain::weight).getMessage().contains("InstanceNorm2d(3,"));
        assertThrows(IllegalStateException.class, plain::bias);
        assertThrows(IllegalStateException.class, () -> BatchNorm2d.builder(3).bias(false).build().bias());
        InstanceNorm2d untracked = new InstanceNorm2d(3);
        assertThrows(IllegalStateException.class, untracked::runningMean);
        assertThrows(IllegalStateException.class, untracked::runningVar);
        assertThrows(IllegalStateException.class, untracked::numBatchesTracked);
        assertThrows(IllegalStateException.class, untracked::freezeStatistics);
    }

    @Test
    void weightStartsAtOneAndBiasAtZero() {
        NormLayer layer = new LayerNorm(2, 2);
        assertEquals(List.of(1.0, 1.0, 1.0, 1.0), boxed(layer.weight().read()));
        assertEquals(List.of(0.0, 0.0, 0.0, 0.0), boxed(layer.bias().read()));
    }

    @Test
    void aBuilderBuildsSeparateLayers() {
        BatchNormBuilder<BatchNorm2d> builder = BatchNorm2d.builder(2);
        BatchNorm2d first = builder.build();
        BatchNorm2d second = builder.eps(0.5).affine(false).build();
        first.weight().write(3, 4);
        assertEquals(1e-5, first.eps());
        assertEquals(0.5, second.eps());
        assertTrue(second.parameters().isEmpty());
        assertEquals(List.of(1.0, 1.0), boxed(builder.affine(true).build().weight().read()));
    }

    @Test
    void nullSettingsAreRefused() {
        assertThrows(NullPointerException.class, () -> BatchNorm2d.builder(2).dataType(null));
        assertThrows(NullPointerException.class, () -> BatchNorm2d.builder(2).runningVariance(null));
        assertThrows(NullPointerException.class, () -> new BatchNorm2d(2).on(null));
    }

    private static List<Double> boxed(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }
}
