package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.Provide;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;

/** Trees of layers and states that fit them, in part fit them, or do not. */
@PropertyDefaults(edgeCases = EdgeCasesMode.NONE)
class LayerTreePropertiesTest {
    private static final String COUNT = "num_batches_tracked";

    /** Names that can stand beside each other, each with what its layer is drawn from. */
    @Provide
    Arbitrary<Map<String, Integer>> layers() {
        Arbitrary<String> part = Arbitraries.strings().ofMinLength(1).ofMaxLength(4)
                .filter(name -> !name.contains(".") && wellFormed(name));
        Arbitrary<String> name = Combinators.combine(Arbitraries.integers().between(0, 9), part, part)
                .as((number, outer, inner) -> outer + number + "." + inner);
        return Arbitraries.maps(name, Arbitraries.integers().between(0, 99)).ofMinSize(1).ofMaxSize(5);
    }

    /** Which keys of a state are touched: of each the remainder of its place by this. */
    @Provide
    Arbitrary<Integer> strides() {
        return Arbitraries.integers().between(1, 7);
    }

    private static boolean wellFormed(String text) {
        return text.codePoints().noneMatch(point -> Character.getType(point) == Character.SURROGATE);
    }

    private static LayerTree tree(Map<String, Integer> layers, long seed) {
        LayerTree tree = new LayerTree();
        layers.forEach((name, kind) -> tree.put(name, layer(kind % 5, 1 + kind % 4)));
        Random random = new Random(seed);
        tree.parameters().values().forEach(parameter ->
            parameter.write(random.doubles(parameter.shape().size()).map(value -> (float) value).toArray()));
        return tree;
    }

    private static NormLayer layer(int kind, int size) {
        return switch (kind) {
            case 0 -> new BatchNorm1d(size);
            case 1 -> new LayerNorm(size, 2);
            case 2 -> GroupNorm.builder(1, size).bias(false).build();
            case 3 -> new InstanceNorm2d(size);
            default -> InstanceNorm2d.builder(size).affine(true).trackRunningStats(true).build();
        };
    }

    private static Set<String> every(StateDict state, int stride) {
        List<String> keys = List.copyOf(new TreeSet<>(state.tensors().keySet()));
        Set<String> some = new HashSet<>();
        for (int i = stride - 1; i < keys.size(); i += stride) {
            some.add(keys.get(i));
        }
        return some;
    }

    @Property
    void whatOneTreeSavesAnotherLoads(@ForAll("layers") Map<String, Integer> layers) {
        try (LayerTree one = tree(layers, 1); LayerTree other = tree(layers, 2)) {
            StateDict saved = one.stateDict();
            assertEquals(one.keys(), saved.tensors().keySet());
            LoadReport report = other.loadStateDict(saved);
            assertTrue(report.isComplete(), report::toString);
            assertEquals(saved, other.stateDict());
        }
    }

    /** Without strictness: what is there is loaded, the rest stays, and the report says which is which. */
    @Property
    void aPartLoadsAndTheReportSaysWhatIsMissing(@ForAll("layers") Map<String, Integer> layers,
            @ForAll("strides") int stride) {
        try (LayerTree one = tree(layers, 1); LayerTree other = tree(layers, 2)) {
            StateDict saved = one.stateDict();
            StateDict before = other.stateDict();
            Set<String> lost = every(saved, stride);
            StateDict part = saved.filter(key -> !lost.contains(key)).put("no layer's", HostTensor.ofFloats(
                    new float[1], 1));
            LoadReport report = other.loadStateDict(part, false);
            assertEquals(lost.stream().filter(key -> !key.endsWith(COUNT)).collect(Collectors.toSet()),
                    new HashSet<>(report.missing()));
            assertEquals(List.of("no layer's"), report.unexpected());
            StateDict after = other.stateDict();
            after.tensors().forEach((key, tensor) ->
                assertEquals((lost.contains(key) ? before : saved).get(key), tensor, key));
        }
    }

    /** Strictly, one key too few or too many is an error that names it, and nothing is loaded. */
    @Property
    void oneKeyAmissAndNothingIsLoaded(@ForAll("layers") Map<String, Integer> layers, @ForAll("strides") int stride,
            @ForAll boolean missing) {
        try (LayerTree one = tree(layers, 1); LayerTree other = tree(layers, 2)) {
            StateDict saved = one.stateDict();
            StateDict before = other.stateDict();
            Set<String> lost = every(saved, stride).stream().filter(key -> !key.endsWith(COUNT)).limit(1)
                    .collect(Collectors.toSet());
            StateDict state = missing && !lost.isEmpty() ? saved.filter(key -> !lost.contains(key))
                    : saved.filter(key -> true).put("extra", HostTensor.ofFloats(new float[2], 2));
            StateMismatchException misfit = assertThrows(StateMismatchException.class,
                    () -> other.loadStateDict(state));
            assertEquals(missing && !lost.isEmpty() ? lost : Set.of("extra"), misfit.report().faults().stream()
                    .map(LoadReport.Fault::key).collect(Collectors.toSet()));
            assertEquals(before, other.stateDict());
        }
    }

    /** A wrong shape is an error with or without strictness, and nothing is loaded. */
    @Property
    void aWrongShapeIsRefused(@ForAll("layers") Map<String, Integer> layers, @ForAll("strides") int stride,
            @ForAll boolean strict) {
        try (LayerTree one = tree(layers, 1); LayerTree other = tree(layers, 2)) {
            StateDict saved = one.stateDict();
            StateDict before = other.stateDict();
            Set<String> keys = every(saved, stride).stream().filter(key -> !key.endsWith(COUNT))
                    .collect(Collectors.toSet());
            keys.forEach(key -> saved.put(key, HostTensor.ofFloats(new float[33], 3, 11)));
            if (keys.isEmpty()) {
                other.loadStateDict(saved, strict);
                return;
            }
            StateMismatchException misfit = assertThrows(StateMismatchException.class,
                    () -> other.loadStateDict(saved, strict));
            assertEquals(keys, new HashSet<>(misfit.report().keys(LoadReport.Kind.MISSHAPEN)));
            assertEquals(before, other.stateDict());
        }
    }
}
