package org.clnorm;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Cleanup;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;

/**
 * The normalization layers of a model under their names in it, such as {@code layer1.0.bn1}: what saves and loads their
 * state with PyTorch's keys, and does to all of them what a training loop does to a model.
 *
 * <p>A layer may be put under several names, as in a PyTorch model whose modules share one. Its state is then saved
 * under each of them. Loading needs one of them, and refuses values that contradict each other. Everything else
 * happens to it once, under its first name.
 *
 * <p><b>Threads.</b> A tree belongs to one thread at a time, as its layers do.
 */
public final class LayerTree implements AutoCloseable {
    private final Map<String, NormLayer> layers = new LinkedHashMap<>();

    /** Makes an empty tree. */
    public LayerTree() {
    }

    /**
     * Makes a tree of layers.
     *
     * @param layers layers by name, in order
     * @return the tree
     * @throws IllegalArgumentException as {@link #put(String, NormLayer)}
     */
    public static LayerTree of(Map<String, ? extends NormLayer> layers) {
        return new LayerTree().putAll("", layers);
    }

    /**
     * Adds a layer.
     *
     * @param name  its name in the model, parts separated by dots
     * @param layer the layer
     * @return this tree
     * @throws IllegalArgumentException if the name or a part of it is empty, or cannot be saved; or a layer has it, or
     *                                  lies below it, or has a name that it lies below
     */
    public LayerTree put(String name, NormLayer layer) {
        return putAll("", Map.of(Objects.requireNonNull(name, "name"), Objects.requireNonNull(layer, "layer")));
    }

    /**
     * Adds the layers that a tree has now: each under this name, a dot, and its name in that tree.
     *
     * @param name  the name of that part of the model
     * @param other the tree, which is left as it is and shares the layers with this one
     * @return this tree
     * @throws IllegalArgumentException as {@link #put(String, NormLayer)}; nothing is added then
     */
    public LayerTree put(String name, LayerTree other) {
        LayerNames.check(name);
        return putAll(name + ".", other.layers);
    }

    private LayerTree putAll(String prefix, Map<String, ? extends NormLayer> added) {
        Map<String, NormLayer> all = new LinkedHashMap<>(layers);
        added.forEach((name, layer) -> {
            LayerNames.checkNew(prefix + name, all.keySet());
            all.put(prefix + name, Objects.requireNonNull(layer, "layer"));
        });
        layers.putAll(all);
        return this;
    }

    /**
     * The layers by name, in the order in which they were put.
     *
     * @return an unmodifiable view
     */
    public Map<String, NormLayer> layers() {
        return Collections.unmodifiableMap(layers);
    }

    /**
     * The layer of a name.
     *
     * @param name the name
     * @return the layer
     * @throws IllegalArgumentException if there is none
     */
    public NormLayer get(String name) {
        NormLayer layer = layers.get(name);
        if (layer == null) {
            throw new IllegalArgumentException("expected one of " + layers.keySet() + ", got '" + name + "'");
        }
        return layer;
    }

    /**
     * The part of the tree below a name, with names that go on from there.
     *
     * @param name the name of that part of the model
     * @return a tree of the layers below it, which it shares with this one
     * @throws IllegalArgumentException if there are none
     */
    public LayerTree under(String name) {
        LayerTree part = new LayerTree();
        layers.forEach((full, layer) -> {
            if (full.startsWith(name + ".")) {
                part.layers.put(full.substring(name.length() + 1), layer);
            }
        });
        if (part.layers.isEmpty()) {
            throw new IllegalArgumentException("expected a name with layers below it in " + layers.keySet() + ", got '"
                    + name + "'");
        }
        return part;
    }

    /**
     * The keys of the state, in order. {@code StateDict.load(file, tree.keys()::contains)} reads what belongs to the
     * layers out of a file with a whole model.
     *
     * @return keys such as {@code layer1.0.bn1.weight}
     */
    public Set<String> keys() {
        Set<String> keys = new LinkedHashSet<>();
        layers.forEach((name, layer) -> layer.state().keys().forEach(key -> keys.add(name + "." + key)));
        return keys;
    }

    /**
     * The state of all layers with PyTorch's keys, copied to the host; waits.
     *
     * @return what {@link NormLayer#stateDict()} has, each key after its layer's name and a dot
     * @throws IllegalStateException if a layer is closed
     */
    public StateDict stateDict() {
        StateDict all = new StateDict();
        Map<NormLayer, StateDict> read = new IdentityHashMap<>();
        layers.forEach((name, layer) -> read.computeIfAbsent(layer, NormLayer::stateDict).tensors()
                .forEach((key, tensor) -> all.put(name + "." + key, tensor)));
        return all;
    }

    /**
     * Loads a state that has exactly the tree's keys; {@code num_batches_tracked} may be missing, as in old files, and
     * is left as it is then. See {@link #loadStateDict(StateDict, boolean)}.
     *
     * @param dict the state
     * @return the report, without faults
     * @throws StateMismatchException if keys are missing, unexpected, or do not fit; no layer is changed then
     * @throws IllegalStateException  if a layer is closed
     */
    public LoadReport loadStateDict(StateDict dict) {
        return loadStateDict(dict, true);
    }

    /**
     * Loads a state. Shapes must be the layers' own. Values of any floating point type are taken and rounded to the
     * types of the parameters.
     *
     * @param dict   the state
     * @param strict whether missing and unexpected keys are errors; otherwise they are passed over and reported
     * @return what was loaded, and the faults that were passed over
     * @throws StateMismatchException if the state does not fit; no layer is changed then
     * @throws IllegalStateException  if a layer is closed
     * @throws org.clnorm.tensor.DeviceException if a device fails; no layer is changed then, as long as the devices
     *                                still let what was there be put back
     */
    public LoadReport loadStateDict(StateDict dict, boolean strict) {
        Map<LayerState, List<String>> states = new LinkedHashMap<>();
        layers.forEach((name, layer) -> {
            layer.checkOpen();
            states.computeIfAbsent(layer.state(), state -> new ArrayList<>()).add(name + ".");
        });
        return alone(distinct().iterator(), () -> {
            LoadReport report = StateLoader.load(states, dict, strict, "layers");
            layers.values().forEach(NormLayer::forget);
            return report;
        });
    }

    /** Runs something while no other thread is in any of the layers. */
    private static <T> T alone(Iterator<NormLayer> layers, Supplier<T> work) {
        return layers.hasNext() ? layers.next().alone(() -> alone(layers, work)) : work.get();
    }

    /**
     * Puts all layers on a device, with their states.
     *
     * @param device where they are to compute
     * @return this tree
     * @throws IllegalArgumentException if the device does not support the type of a layer; no layer is moved then
     * @throws IllegalStateException    if a layer is closed; no layer is moved then
     */
    public LayerTree on(Device device) {
        return alone(distinct().iterator(), () -> moved(device));
    }

    private LayerTree moved(Device device) {
        List<NormLayer> moving = distinct().stream().filter(layer -> layer.checkMove(device)).toList();
        List<List<Tensor>> copies = new ArrayList<>();
        try {
            moving.forEach(layer -> copies.add(layer.state().copiesOn(device)));
        } catch (RuntimeException failed) {
            copies.forEach(made -> made.forEach(Tensor::close));
            throw failed;
        }
        for (int i = 0; i < moving.size(); i++) {
            moving.get(i).moveTo(device, copies.get(i));
        }
        return this;
    }

    /**
     * The learnable parameters of all layers.
     *
     * @return parameters by name, such as {@code layer1.0.bn1.weight}, in order
     */
    public Map<String, Parameter> parameters() {
        Map<String, Parameter> all = new LinkedHashMap<>();
        Set<NormLayer> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        layers.forEach((name, layer) -> {
            if (seen.add(layer)) {
                layer.parameters().forEach((key, parameter) -> all.put(name + "." + key, parameter));
            }
        });
        return all;
    }

    /**
     * Switches all layers to training mode.
     *
     * @return this tree
     */
    public LayerTree train() {
        return train(true);
    }

    /**
     * Switches all layers between training and evaluation mode.
     *
     * @param mode true for training
     * @return this tree
     */
    public LayerTree train(boolean mode) {
        layers.values().forEach(layer -> layer.train(mode));
        return this;
    }

    /**
     * Switches all layers to evaluation mode.
     *
     * @return this tree
     */
    public LayerTree eval() {
        return train(false);
    }

    /**
     * Freezes or frees all parameters.
     *
     * @param required whether backward passes compute their gradients
     * @return this tree
     */
    public LayerTree requiresGrad(boolean required) {
        layers.values().forEach(layer -> layer.requiresGrad(required));
        return this;
    }

    /**
     * Chooses what backward does with the parameter gradients of all layers.
     *
     * @param add true: add to what is there, as PyTorch does; false, the default: overwrite
     * @return this tree
     */
    public LayerTree accumulateGradients(boolean add) {
        layers.values().forEach(layer -> layer.accumulateGradients(add));
        return this;
    }

    /**
     * Freezes the running statistics of the layers that keep some, see {@link TrackingLayer#freezeStatistics()}: for
     * fine-tuning on batches that are too small for statistics of their own.
     *
     * @return this tree
     */
    public LayerTree freezeStatistics() {
        tracking().forEach(TrackingLayer::freezeStatistics);
        return this;
    }

    /**
     * Lets training mode move the running statistics again.
     *
     * @return this tree
     */
    public LayerTree unfreezeStatistics() {
        tracking().forEach(TrackingLayer::unfreezeStatistics);
        return this;
    }

    private Stream<TrackingLayer> tracking() {
        return distinct().stream().filter(TrackingLayer.class::isInstance).map(TrackingLayer.class::cast)
                .filter(TrackingLayer::tracks);
    }

    /** Sets the gradients of all layers to zero, where there are any. */
    public void zeroGrad() {
        distinct().forEach(NormLayer::zeroGrad);
    }

    /** Closes all layers, also those that other trees share. Closing twice does nothing. */
    @Override
    public void close() {
        Cleanup.all(distinct(), NormLayer::close);
    }

    private Collection<NormLayer> distinct() {
        Set<NormLayer> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
        return layers.values().stream().filter(distinct::add).toList();
    }

    /** A line for every layer, as PyTorch prints modules. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("LayerTree(");
        layers.forEach((name, layer) -> text.append("\n  (").append(name).append("): ").append(layer));
        return text.append(layers.isEmpty() ? ")" : "\n)").toString();
    }
}
