package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clnorm.NormLayer;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkloadTest {
    @ParameterizedTest
    @ValueSource(strings = {
        "batch_norm 32x64x56x56",
        "batch_norm 32x64x56x56 mode=eval",
        "batch_norm 9x6 steps=tet eps=0 momentum=none",
        "batch_norm 2x3x4x5x6 momentum=0.37 affine=false track=false variance=biased seed=-7",
        "layer_norm 16x64x64x64 normalized_shape=64x64x64 bias=false",
        "instance_norm 16x64x128x128 affine=true",
        "instance_norm 3x17 track=true unbatched=true freeze=statistics",
        "layer_norm 4096x1024 normalized_shape=1024 dtype=f16 seed=3",
        "batch_norm 32x64x56x56 dtype=bf16 parameters=storage",
        "group_norm 16x256x32x32 groups=32 eps=1e-12 x=offset1e4 dy=scale-3e38 backward=false",
        "group_norm 4x6x8 groups=3 x=exact dy=exact",
        "layer_norm 4x8 normalized_shape=8 x=offset-1e7:0.5",
        "group_norm 4x6x8x3 groups=3 layout=nhwc", "batch_norm 6x3x4 layout=nhwc virtual_batch=2",
        "batch_norm 6x3x4 steps=te renorm=1.5:0.25", "batch_norm 6x3x4 renorm=inf:5",
        "rms_norm 4x8x3 axes=1", "layer_norm 4x8x3x5 axes=1x3 bias=false",
        "group_norm 0x4x2 groups=2 freeze=bias+weight accumulate=true seed=9223372036854775807"})
    void givesItsLineBack(String line) {
        assertEquals(line, Workload.parse(line).toString());
        assertEquals(Workload.parse(line), Workload.parse(line + "   # a comment"));
    }

    @Test
    void leavesOutDefaults() {
        assertEquals("batch_norm 2x3x4x4", Workload.parse(
                "batch_norm 2x3x4x4 dtype=f32 parameters=f32 layout=nchw seed=0 mode=train momentum=0.1 eps=1E-5 "
                        + "affine=true bias=true track=true x=normal backward=true").toString());
        assertEquals("group_norm 2x4 groups=2 affine=false",
                Workload.parse("group_norm 2x4 groups=2 bias=true affine=false").toString());
        assertEquals("batch_norm 2x3", Workload.parse("batch_norm 2x3 parameters=storage").toString());
        assertEquals("batch_norm 2x3 affine=false dtype=f16",
                Workload.parse("batch_norm 2x3 affine=false dtype=f16 parameters=storage").toString());
    }

    @Test
    void readsItsParts() {
        Workload workload = Workload.parse("instance_norm 20x100x35x45 affine=true mode=eval track=true freeze=weight");
        assertEquals(LayerKind.INSTANCE_NORM, workload.kind());
        assertEquals(Shape.of(20, 100, 35, 45), workload.shape());
        assertEquals(4L * 20 * 100 * 35 * 45, workload.bytes());
        assertFalse(workload.training());
        assertTrue(workload.backward());
        try (NormLayer layer = workload.layer()) {
            assertEquals("InstanceNorm2d(100, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)",
                    layer.toString());
            assertFalse(layer.isTraining());
            assertFalse(layer.weight().requiresGrad());
            assertTrue(layer.bias().requiresGrad());
        }
    }

    @Test
    void storesTensorsAndParameters() {
        Workload workload = Workload.parse("batch_norm 2x3x5 dtype=bf16");
        assertEquals(DataType.BF16, workload.dataType());
        assertEquals(2L * 2 * 3 * 5, workload.bytes());
        try (NormLayer layer = workload.layer();
                NormLayer stored = Workload.parse("batch_norm 2x3x5 dtype=bf16 parameters=storage").layer()) {
            assertEquals(DataType.F32, layer.dataType());
            assertEquals(DataType.BF16, stored.dataType());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            batch_norm                                          | LAYER SHAPE
            ''                                                  | LAYER SHAPE
            batchnorm 2x3                                       | expected a layer of batch_norm, instance_norm
            rms_norm 2x3                                        | expected a value for normalized_shape, got none
            rms_norm 2x3 normalized_shape=3 bias=true           | expected one of the keys
            layer_norm 2x3 normalized_shape=3 activation=tanh   | expected an activation of none, relu
            layer_norm 2x3 normalized_shape=3 residual=on       | none, before or after
            layer_norm 2x3 normalized_shape=3 activation=silu residual=after | without activation or with relu
            batch_norm 2xx3                                     | whole number
            batch_norm 2x-3                                     | 0 or more
            batch_norm 99999999999999999999x3                   | whole number below 2^63
            batch_norm 4611686018427387904x4                    | at most 2^63 - 1 elements
            batch_norm 1152921504606846976x3                    | at most 2^60 - 1 elements
            batch_norm 5                                        | expected N x C and 0 to 3 dimensions of space
            batch_norm 2x3x4x5x6x7                              | expected N x C and 0 to 3 dimensions of space
            batch_norm 2x0x3                                    | numFeatures of 1 or more
            instance_norm 2x3                                   | expected N x C and 1 to 3 dimensions of space
            instance_norm 3 unbatched=true                      | expected C and 1 to 3 dimensions of space
            instance_norm 2x3x4 momentum=none                   | expected a number for the momentum
            group_norm 2x6x4                                    | expected a value for groups
            group_norm 2x6x4 groups=4                           | positive multiple of numGroups
            group_norm 6 groups=2                               | expected N x C x space
            layer_norm 2x6x4                                    | expected a value for normalized_shape
            layer_norm 2x6x4 normalized_shape=6                 | last dimensions of [2, 6, 4], got [6]
            layer_norm 2x4 normalized_shape=1x2x4               | last dimensions of [2, 4]
            layer_norm 2x0 normalized_shape=0                   | each 1 or more
            batch_norm 2x3 groups=3                             | got 'groups'
            layer_norm 2x3 normalized_shape=3 momentum=0.1      | got 'momentum'
            batch_norm 2x3 colour=blue                          | got 'colour'
            batch_norm 2x3 affine                               | expected key=value
            batch_norm 2x3 affine=yes                           | affine of true or false
            batch_norm 2x3 affine=true affine=true              | each key once
            batch_norm 2x3 eps=small                            | a number for eps
            batch_norm 2x3 eps=-1                               | eps of 0 or more
            batch_norm 2x3 momentum=1.5                         | momentum from 0 to 1
            batch_norm 2x3 mode=test                            | mode of train or eval
            batch_norm 2x3 mode=eval steps=t                    | mode or steps
            batch_norm 2x3 steps=tx                             | letters t and e
            batch_norm 2x3 dtype=f33                            | expected dtype of f32, f16 or bf16, got 'f33'
            batch_norm 2x3 dtype=f16 parameters=bf16            | expected parameters of f32 or storage, got 'bf16'
            batch_norm 2x3x4x4 layout=cnhw                      | expected layout of nchw or nhwc, got 'cnhw'
            layer_norm 2x3x4x4 normalized_shape=4 layout=nhwc   | got 'layout'
            layer_norm 2x3x4x4 axes=3x1                         | ascending order, got [3, 1]
            layer_norm 2x3x4x4 axes=1 normalized_shape=3        | got 'normalized_shape'
            group_norm 2x4 groups=2 virtual_batch=2             | got 'virtual_batch'
            group_norm 2x4 groups=2 renorm=3:5                  | got 'renorm'
            batch_norm 2x4 renorm=3                             | expected renorm of RMAX:DMAX, got '3'
            batch_norm 2x4 renorm=0.5:1                         | expected an rMax of 1 or more
            batch_norm 2x3 x=offset                             | finite number after 'offset'
            batch_norm 2x3 x=odd                                | expected values of
            batch_norm 2x3 variance=some                        | unbiased or biased
            batch_norm 2x3 affine=false freeze=weight           | that the layer has
            batch_norm 2x3 seed=1.5                             | whole number
            """)
    void refuses(String line, String fault) {
        String message = assertThrows(IllegalArgumentException.class, () -> Workload.parse(line)).getMessage();
        assertTrue(message.contains(fault), message);
        assertTrue(message.endsWith("in the workload '" + line + "'"), message);
    }

    @Test
    void readsFiles(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("shapes.txt");
        Files.writeString(file, "# a comment\n\n  batch_norm 2x3 # another\nlayer_norm 4x5 normalized_shape=5\n");
        assertEquals(List.of(Workload.parse("batch_norm 2x3"), Workload.parse("layer_norm 4x5 normalized_shape=5")),
                Workload.read(file));
        Files.writeString(file, "# a comment\nbatch_norm\n");
        String message = assertThrows(IllegalArgumentException.class, () -> Workload.read(file)).getMessage();
        assertTrue(message.startsWith(file + ":2: expected LAYER SHAPE"), message);
    }
}
