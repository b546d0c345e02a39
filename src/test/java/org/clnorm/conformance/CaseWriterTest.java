package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.clnorm.tensor.Device;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A case that went through a file is the same case. */
class CaseWriterTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"batch_norm 4x3", "batch_norm 2x3x4 steps=tte momentum=none eps=0.001",
        "batch_norm 2x3x4x5 variance=biased freeze=bias+weight steps=tt accumulate=true",
        "batch_norm 2x3x4x5x2 affine=false track=false", "batch_norm 2x3x4x5 freeze=statistics",
        "instance_norm 2x3x4x5 affine=true bias=false track=true momentum=0.3",
        "instance_norm 3x4x5 unbatched=true", "group_norm 2x6x5 groups=3 mode=eval",
        "layer_norm 2x3x4 normalized_shape=3x4", "layer_norm 5x3 normalized_shape=3 affine=false backward=false",
        "layer_norm 5x3 normalized_shape=3 dtype=bf16", "batch_norm 4x3x2 dtype=f16 parameters=storage steps=te"})
    void comesBack(String line) {
        Path file = folder.resolve("case.safetensors");
        Case what = Case.of(Workload.parse(line));
        what.save(file);
        Case back = Case.load(file);
        assertEquals(what.name(), back.name());
        assertEquals(what.spec(), back.spec());
        assertEquals(what.frozen(), back.frozen());
        assertEquals(what.accumulates(), back.accumulates());
        assertEquals(what.tags(), back.tags());
        try (Device cpu = Device.cpu()) {
            assertEquals(CaseRunner.run(what, cpu).tensors(), CaseRunner.run(back, cpu).tensors());
        }
    }
}
