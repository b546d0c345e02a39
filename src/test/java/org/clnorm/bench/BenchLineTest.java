package org.clnorm.bench;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.junit.jupiter.api.Test;

class BenchLineTest {
    private static final Path STANDARD = Path.of("scripts", "shapes.txt");
    private static final Path FORMS = Path.of("scripts", "forms.txt");

    @Test
    void theTextIsKeptAsItWasWritten() {
        assertEquals("batch_norm 2x3x4x5  mode=train", BenchLine.of("  batch_norm 2x3x4x5  mode=train # why").text());
    }

    @Test
    void theStandardWorkloadsCanBeRead() throws IOException {
        List<BenchLine> lines = BenchLine.read(STANDARD);
        assertEquals(11, lines.size());
        assertEquals("batch_norm 32x64x56x56", lines.get(0).text());
    }

    @Test
    void theFormsCanBeRead() throws IOException {
        List<BenchLine> lines = BenchLine.read(FORMS);
        assertEquals(Set.of(Join.values()), lines.stream().map(line -> line.workload().join()).collect(toSet()));
        assertEquals(Set.of(Activation.Kind.values()),
                lines.stream().map(line -> line.workload().activation().kind()).collect(toSet()));
    }

    @Test
    void theSmallestOfEachLayer() throws IOException {
        List<String> quick = BenchLine.smallestOfEachLayer(BenchLine.read(STANDARD)).stream()
                .map(BenchLine::text).toList();
        assertEquals(List.of("batch_norm 8x256x28x28", "layer_norm 4096x1024 normalized_shape=1024",
                "instance_norm 20x100x35x45 affine=true", "group_norm 16x256x32x32 groups=32"), quick);
    }
}
