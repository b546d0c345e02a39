package org.clnorm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.clnorm.LoadReport.Fault;
import org.clnorm.LoadReport.Kind;
import org.clnorm.state.ElementType;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Shape;

/**
 * Loads a state into layers by PyTorch's rules: every key is looked at before anything is written, then all is written
 * or nothing. One for every call.
 */
final class StateLoader {
    private static final Set<ElementType> FLOATING =
            EnumSet.of(ElementType.F16, ElementType.BF16, ElementType.F32, ElementType.F64);

    private final StateDict dict;
    private final Set<String> known = new HashSet<>();
    private final List<String> loaded = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private final Map<Slot, HostTensor> values = new LinkedHashMap<>();
    private final Map<Slot, String> sources = new LinkedHashMap<>();
    private final Map<LayerState, Long> counts = new LinkedHashMap<>();

    private StateLoader(StateDict dict) {
        this.dict = dict;
    }

    /**
     * Loads what fits, or throws and leaves everything as it was.
     *
     * @param layers what stands before the keys of each layer, such as {@code layer1.0.bn1.}, once for every name that
     *               the layer goes by
     * @param strict whether missing and unexpected keys are errors
     * @param what   the layers, for a message
     */
    static LoadReport load(Map<LayerState, List<String>> layers, StateDict dict, boolean strict, String what) {
        StateLoader loader = new StateLoader(dict);
        LoadReport report = loader.check(layers);
        if (strict ? !report.isComplete() : !report.misfits().isEmpty()) {
            throw new StateMismatchException("expected a state that fits the " + what + ", got " + report.describe(),
                    report);
        }
        StateWriter.write(loader.values);
        loader.counts.forEach(LayerState::batches);
        return report;
    }

    private LoadReport check(Map<LayerState, List<String>> layers) {
        layers.forEach((state, prefixes) -> {
            state.slots().forEach((name, slot) -> checkTensor(slot, keys(prefixes, name)));
            if (state.counts()) {
                checkCount(state, keys(prefixes, LayerState.BATCHES));
            }
        });
        dict.tensors().forEach((key, saved) -> {
            if (!known.contains(key)) {
                faults.add(new Fault(Kind.UNEXPECTED, key, "", saved.toString()));
            }
        });
        return new LoadReport(loaded, faults);
    }

    private List<String> keys(List<String> prefixes, String name) {
        List<String> keys = prefixes.stream().map(prefix -> prefix + name).toList();
        known.addAll(keys);
        return keys;
    }

    private Stream<String> present(List<String> keys) {
        return keys.stream().filter(dict::contains);
    }

    private void checkTensor(Slot slot, List<String> keys) {
        if (present(keys).findAny().isEmpty()) { // of a layer with several names, one is enough
            keys.forEach(key -> fault(Kind.MISSING, key, slot.type() + slot.shape().toString(), ""));
        }
        present(keys).forEach(key -> checkTensor(slot, key, dict.get(key)));
    }

    private void checkTensor(Slot slot, String key, HostTensor saved) {
        Shape shape = Shape.of(saved.shape());
        if (!shape.equals(slot.shape())) {
            fault(Kind.MISSHAPEN, key, slot.shape().toString(), shape.toString());
        } else if (!FLOATING.contains(saved.type())) {
            fault(Kind.MISTYPED, key, "a floating point type", saved.type().toString());
        } else if (contradicts(values.get(slot), saved)) {
            fault(Kind.INVALID, key, "those of " + sources.get(slot) + ", the same layer", "other values");
        } else {
            values.put(slot, saved);
            sources.put(slot, key);
            loaded.add(key);
        }
    }

    private static boolean contradicts(HostTensor other, HostTensor saved) {
        return other != null && !other.equals(saved) && !Arrays.equals(other.toDoubles(), saved.toDoubles());
    }

    /** A count may be missing: files of PyTorch before 0.4.1 have none, and of those the layer keeps its own. */
    private void checkCount(LayerState state, List<String> keys) {
        present(keys).forEach(key -> new SavedCount(key, dict.get(key)).read(faults).ifPresent(count -> {
            Long other = counts.putIfAbsent(state, count);
            if (other != null && !other.equals(count)) {
                fault(Kind.INVALID, key, other + ", of the same layer", count.toString());
            } else {
                loaded.add(key);
            }
        }));
    }

    private void fault(Kind kind, String key, String expected, String got) {
        faults.add(new Fault(kind, key, expected, got));
    }
}
