package org.clnorm.engine.opencl;

import static org.clnorm.plan.Axis.kept;
import static org.clnorm.plan.Axis.reduced;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Planner;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Dimensions where counters of 16, 31 and 32 bits would end, and primes. */
class SizesTest {
    @ParameterizedTest
    @ValueSource(longs = {65_535, 65_536, 65_537, 131_071})
    void longDimensions(long size) {
        try (OpenClDevice device = TestDevices.open("cpu", "")) {
            new PassCheck(NormView.of(kept(size, 3, 0), reduced(3, 1, 1))).run(device);
            new PassCheck(NormView.of(kept(1, size, 0), reduced(size, 1, 1))).run(device);
            new PassCheck(NormView.of(reduced(2, size, 0), kept(size, 1, 1))).run(device);
            new PassCheck(NormView.of(reduced(2, 3 * size, 0), kept(3, size, 1), reduced(size, 1, 0))).run(device);
        }
    }

    @Test
    void theJavaEngineRefusesMoreThanAnArrayHolds() {
        try (Device cpu = Device.cpu()) {
            for (DataType type : DataType.values()) {
                String got = assertThrows(IllegalArgumentException.class,
                        () -> cpu.empty(type, Shape.of(1L << 31))).getMessage();
                assertTrue(got.contains("2147483648"), got);
            }
            assertEquals(0, cpu.liveTensors());
        }
    }

    private static final String LARGE = System.getProperty("clnorm.large", "");

    /** Where counters of bytes or elements end, and how many elements that takes. */
    private enum Vast {
        BYTES_BEYOND_2_TO_31(DataType.F32, 1L << 29, false), BYTES_UP_TO_2_TO_32(DataType.F16, 1L << 31, true),
        ELEMENTS_BEYOND_2_TO_31(DataType.F16, 1L << 31, false), ELEMENTS_BEYOND_2_TO_32(DataType.F16, 1L << 32, false);

        private final DataType type;
        private final long elements;
        /** No more than so many elements, and no second tensor. */
        private final boolean justSo;

        Vast(DataType type, long elements, boolean justSo) {
            this.type = type;
            this.elements = elements;
            this.justSo = justSo;
        }
    }

    static Stream<Arguments> vast() {
        return Stream.of(Vast.values()).flatMap(vast -> Planner.variants().stream()
                .filter(variant -> LARGE.equals("true") || LARGE.equals(variant))
                .map(variant -> Arguments.of(vast, variant)));
    }

    /**
     * Every variant of the kernels, or one, over a tensor that is 0 but for some elements: {@code -Dclnorm.large=true},
     * {@code -Dclnorm.large=cpu/rows}. Needs 5 GiB, and up to 20 where the device has such buffers.
     */
    @ParameterizedTest
    @MethodSource("vast")
    @EnabledIfSystemProperty(named = "clnorm.large", matches = ".+", disabledReason = "needs 5 GiB and minutes")
    void vastTensors(Vast vast, String variant) {
        SparseCheck check = new SparseCheck(view(variant, vast.elements, vast.justSo), vast.type);
        DeviceFacts facts = TestDevices.facts();
        assumeTrue(check.bytes() <= facts.maxAllocBytes(), () -> facts + " has no buffers of " + check.bytes()
                + " bytes, " + facts.maxAllocBytes() + " at most");
        long needed = check.bytes() * (vast.justSo ? 1 : 2);
        assumeTrue(needed <= room(facts), () -> "expected room for " + needed + " bytes, got " + room(facts));
        long start = System.nanoTime();
        try (OpenClDevice device = TestDevices.open("auto", variant)) {
            if (vast.justSo) {
                check.runInPlace(device);
            } else {
                check.run(device);
            }
        }
        System.out.println("SizesTest " + vast + ", " + variant + ": " + check.bytes() + " bytes a tensor, "
                + (System.nanoTime() - start) / 1_000_000_000 + " s");
    }

    /** A view that the variant takes, of so many elements: at most, or a little more. */
    private static NormView view(String variant, long elements, boolean atMost) {
        long channels = variant.endsWith("rows") ? 1_000_003 : variant.endsWith("columns") ? 131 : 3;
        long span = variant.endsWith("rows") || variant.endsWith("columns") ? 1 : 10_007;
        long samples = elements / (channels * span) + (atMost ? 0 : 2);
        return variant.endsWith("rows") ? NormView.of(kept(samples, channels, 0), reduced(channels, 1, 1))
                : NormView.of(reduced(samples, channels * span, 0), kept(channels, span, 1), reduced(span, 1, 0));
    }

    /** What the device has, and what is free of it where it shares the host's memory and the system says how much. */
    private static long room(DeviceFacts facts) {
        Path meminfo = Path.of("/proc/meminfo");
        if (!facts.typeName().equals("cpu") || !Files.isReadable(meminfo)) {
            return facts.memoryBytes();
        }
        try (Stream<String> lines = Files.lines(meminfo)) {
            return lines.filter(line -> line.startsWith("MemAvailable:")).findFirst()
                    .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).orElse(facts.memoryBytes());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
