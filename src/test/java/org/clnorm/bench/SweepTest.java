package org.clnorm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SweepTest {
    private static final long MIB = 1 << 20;

    @ParameterizedTest
    @EnumSource
    void everyWorkloadHasTheSameSize(Sweep sweep) {
        for (long elements : new long[] {Sweep.CPU_ELEMENTS, Sweep.GPU_ELEMENTS}) {
            for (SweepPoint point : sweep.points(elements, "")) {
                long size = point.line().workload().bytes() / DataType.F32.bytes();
                // the other dimension is at least 2, so rounding it down leaves two thirds
                assertTrue(size <= elements && size > elements * 2 / 3, point.line().text());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void workloadsAreDistinctAndOrdered(Sweep sweep) {
        List<SweepPoint> points = sweep.points(Sweep.CPU_ELEMENTS, "");
        Set<String> lines = new HashSet<>();
        for (int i = 0; i < points.size(); i++) {
            SweepPoint point = points.get(i);
            assertTrue(lines.add(point.line().text()), point.line().text());
            assertEquals(point.line().workload(), BenchLine.of(point.line().text()).workload());
            assertTrue(i == 0 || !point.isSeriesOf(points.get(i - 1)) || point.length() > points.get(i - 1).length(),
                    point.line().text());
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyLengthHasItsNeighbour(Sweep sweep) {
        List<SweepPoint> points = sweep.points(Sweep.CPU_ELEMENTS, "");
        Set<Long> lengths = points.stream().map(SweepPoint::length).collect(Collectors.toSet());
        Set<Long> lonely = lengths.stream().filter(length -> !lengths.contains(sweep.neighbour(length)))
                .collect(Collectors.toSet());
        assertEquals(sweep == Sweep.GROUPS ? Set.of(64L) : Set.of(), lonely);
    }

    @Test
    void rowsReachFrom31ToAMillion() {
        List<Long> lengths = Sweep.ROWS.points(Sweep.CPU_ELEMENTS, "").stream().map(SweepPoint::length).toList();
        assertEquals(31, lengths.get(0));
        assertEquals(MIB, lengths.get(lengths.size() - 1));
        assertTrue(lengths.containsAll(List.of(31L, 32L, 33L, 100L, 255L, 257L, 1000L, 1023L, 1025L, 4097L)));
        for (long power = 32; power <= MIB; power *= 2) {
            assertTrue(lengths.contains(power), "no row of " + power);
        }
        assertEquals("layer_norm 4100x1023 normalized_shape=1023", line(Sweep.ROWS, "layer_norm", 1023));
    }

    @Test
    void linesOfTheOthers() {
        assertEquals("batch_norm 16x5349x49", line(Sweep.PLANES, "batch_norm", 49));
        assertEquals("instance_norm 16x256x1024 affine=true", line(Sweep.PLANES, "instance_norm", 1024));
        assertEquals("batch_norm 4096x1024", line(Sweep.COLUMNS, "batch_norm", 1024));
        assertEquals("layer_norm 3x1398101 normalized_shape=1398101", line(Sweep.GROUPS, "layer_norm, rows", 3));
        assertEquals("group_norm 1x16x262144 groups=1", line(Sweep.GROUPS, "group_norm, rows", 1));
        assertEquals("batch_norm 16x2x131072", line(Sweep.GROUPS, "batch_norm, planes", 2));
        assertEquals("batch_norm 4194304x1", line(Sweep.GROUPS, "batch_norm, columns", 1));
    }

    private static String line(Sweep sweep, String series, long length) {
        return sweep.points(Sweep.CPU_ELEMENTS, "").stream()
                .filter(point -> point.series().equals(series) && point.length() == length).findFirst().orElseThrow()
                .line().text();
    }

    @ParameterizedTest
    @CsvSource({"31, 32", "32, 32", "33, 32", "45, 32", "46, 64", "49, 64", "100, 128", "1000, 1024", "1023, 1024",
        "1025, 1024", "4097, 4096", "100000, 131072", "1048576, 1048576"})
    void theNeighbourIsTheNearestPowerOfTwo(long length, long neighbour) {
        assertEquals(neighbour, Sweep.ROWS.neighbour(length));
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "2, 4", "3, 4", "5, 8", "8, 16"})
    void theNeighbourOfFewGroupsIsTheNextLargerPower(long groups, long neighbour) {
        assertEquals(neighbour, Sweep.GROUPS.neighbour(groups));
    }

    @Test
    void lengthsThatLeaveNothingToDivideAreLeftOut() {
        List<SweepPoint> points = Sweep.ROWS.points(256, "");
        assertEquals(128, points.get(points.size() - 1).length());
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Sweep.ROWS.points(61, "")).getMessage()
                .contains("more elements for the sweep rows, got 61"));
        assertThrows(IllegalArgumentException.class, () -> Sweep.GROUPS.points(-1, ""));
    }

    @Test
    void settingsAreAddedToEachLine() {
        List<SweepPoint> points = Sweep.COLUMNS.points(1 << 20, "mode=eval");
        assertTrue(points.stream().noneMatch(point -> point.line().workload().training()), points::toString);
        assertEquals("batch_norm 65536x16 mode=eval", points.get(0).line().text());
        assertThrows(IllegalArgumentException.class, () -> Sweep.ROWS.points(1 << 20, "groups=2"));
    }

    @Test
    void names() {
        assertEquals(List.of(Sweep.values()), Sweep.named(List.of("rows", "all")));
        assertEquals(List.of(Sweep.ROWS, Sweep.GROUPS), Sweep.named(List.of("groups", "rows", "groups")));
        assertEquals(List.of(), Sweep.named(List.of()));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> Sweep.named(List.of("row"))).getMessage()
                .contains("all, rows, planes, columns, groups, got 'row'"));
    }
}
