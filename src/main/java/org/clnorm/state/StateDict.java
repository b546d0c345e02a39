package org.clnorm.state;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Named tensors on the host, in the order in which they were put, and text about them: what a layer or a model saves
 * and loads. Names are PyTorch's, such as {@code layer1.0.bn1.running_mean}. Two of them are equal when names,
 * tensors and metadata are, in any order. Not for use by several threads at once while one of them changes it.
 */
public final class StateDict {
    private final Map<String, HostTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** Makes an empty state. */
    public StateDict() {
    }

    /**
     * Reads a safetensors file.
     *
     * @param file the file
     * @return its tensors, in the order in which their data lies in the file, and its metadata
     * @throws CheckpointException if the file cannot be read or is not a valid safetensors file
     */
    public static StateDict load(Path file) {
        return Safetensors.read(file);
    }

    /**
     * Reads some tensors of a safetensors file. All of the file is checked, but memory is taken only for what is read:
     * the normalization layers out of a model that would not fit.
     *
     * @param file the file
     * @param wanted says of a tensor's name whether to read it
     * @return those tensors, in the order in which their data lies in the file, and the file's metadata
     * @throws CheckpointException if the file cannot be read or is not a valid safetensors file
     */
    public static StateDict load(Path file, Predicate<String> wanted) {
        return Safetensors.read(file, wanted);
    }

    /**
     * Saves this state as a safetensors file, in place of the file that is there. The old file stays whole until the
     * new one is complete and on the disk, and for good if saving fails.
     *
     * @param file the file; where it is a symbolic link, the file it points to
     * @throws CheckpointException if the file cannot be written
     */
    public void save(Path file) {
        Safetensors.write(this, file);
    }

    /**
     * Adds a tensor, or replaces the one of that name in its place.
     *
     * @param name the name; any well-formed text but {@code __metadata__}, which the file format keeps for itself
     * @param tensor the tensor
     * @return this
     * @throws IllegalArgumentException if the name cannot be saved
     */
    public StateDict put(String name, HostTensor tensor) {
        Objects.requireNonNull(tensor, "tensor");
        if (requireText(name, "name").equals(Safetensors.METADATA_KEY)) {
            throw new IllegalArgumentException("expected a tensor's name, got " + name + ", kept for metadata");
        }
        tensors.put(name, tensor);
        return this;
    }

    /**
     * Adds a line of metadata, or replaces the one of that key.
     *
     * @param key the key
     * @param value the value
     * @return this
     * @throws IllegalArgumentException if key or value is not well-formed text (half of a surrogate pair)
     */
    public StateDict putMetadata(String key, String value) {
        metadata.put(requireText(key, "key"), requireText(value, "value"));
        return this;
    }

    /**
     * Adds all tensors and all metadata of another state, in place of those of the same name.
     *
     * @param other the other state
     * @return this
     */
    public StateDict putAll(StateDict other) {
        tensors.putAll(other.tensors);
        metadata.putAll(other.metadata);
        return this;
    }

    /**
     * The tensors whose names somebody wants, and all metadata.
     *
     * @param wanted says of a name whether to take its tensor
     * @return a new state
     */
    public StateDict filter(Predicate<String> wanted) {
        StateDict some = new StateDict();
        some.metadata.putAll(metadata);
        tensors.forEach((name, tensor) -> {
            if (wanted.test(name)) {
                some.tensors.put(name, tensor);
            }
        });
        return some;
    }

    /**
     * The same tensors under other names, and all metadata.
     *
     * @param naming gives the new name for a name
     * @return a new state
     * @throws IllegalArgumentException if two tensors would get the same name, or one that cannot be saved
     */
    public StateDict rename(UnaryOperator<String> naming) {
        StateDict renamed = new StateDict();
        renamed.metadata.putAll(metadata);
        tensors.forEach((name, tensor) -> {
            String fresh = naming.apply(name);
            if (renamed.contains(fresh)) {
                throw new IllegalArgumentException("expected a name of its own for " + Text.quote(name) + ", got "
                        + Text.quote(fresh) + ", which another tensor has");
            }
            renamed.put(fresh, tensor);
        });
        return renamed;
    }

    /**
     * The part of a model's state below a name, with names that go on from there; and all metadata. The rest is left
     * out.
     *
     * @param name the name of a part, such as {@code backbone} for keys like {@code backbone.bn1.weight}
     * @return a new state
     * @throws IllegalArgumentException if nothing lies below that name
     */
    public StateDict under(String name) {
        String prefix = name + ".";
        StateDict part = filter(key -> key.startsWith(prefix));
        if (part.tensors.isEmpty()) {
            throw new IllegalArgumentException("expected a name with tensors below it, got " + Text.quote(name)
                    + ", and none of " + tensors.size() + " names begins with " + Text.quote(prefix));
        }
        return part.withoutPrefix(prefix);
    }

    /**
     * The same tensors without what all of their names begin with, such as the {@code module.} of PyTorch's
     * DataParallel; and all metadata.
     *
     * @param prefix what to take off
     * @return a new state
     * @throws IllegalArgumentException if a name does not begin with it, or consists of nothing else
     */
    public StateDict withoutPrefix(String prefix) {
        return rename(name -> {
            if (!name.startsWith(prefix) || name.length() == prefix.length()) {
                throw new IllegalArgumentException("expected names that begin with " + Text.quote(prefix)
                        + " and go on, got " + Text.quote(name));
            }
            return name.substring(prefix.length());
        });
    }

    /**
     * The tensor of a name.
     *
     * @param name the name
     * @return the tensor
     * @throws IllegalArgumentException if there is none
     */
    public HostTensor get(String name) {
        HostTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("expected one of the tensors " + tensors.keySet() + ", got " + name);
        }
        return tensor;
    }

    /**
     * Whether there is a tensor of a name.
     *
     * @param name the name
     * @return true if there is
     */
    public boolean contains(String name) {
        return tensors.containsKey(name);
    }

    /**
     * The elements of a tensor as float.
     *
     * @param name the tensor's name
     * @return a new array
     * @throws IllegalArgumentException if there is no such tensor or its type is not F32, F16 or BF16
     */
    public float[] floats(String name) {
        return convert(name, HostTensor::toFloats);
    }

    /**
     * The elements of a tensor as double.
     *
     * @param name the tensor's name
     * @return a new array
     * @throws IllegalArgumentException if there is no such tensor or its type is not F64, F32, F16 or BF16
     */
    public double[] doubles(String name) {
        return convert(name, HostTensor::toDoubles);
    }

    /**
     * The elements of a tensor as long.
     *
     * @param name the tensor's name
     * @return a new array
     * @throws IllegalArgumentException if there is no such tensor, or its type is neither an integer nor BOOL, or a U64
     *     is 2^63 or more
     */
    public long[] longs(String name) {
        return convert(name, HostTensor::toLongs);
    }

    /**
     * All tensors by name, in order.
     *
     * @return an unmodifiable view
     */
    public Map<String, HostTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /**
     * The metadata, in order. A file keeps it sorted by key.
     *
     * @return an unmodifiable view
     */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    private <T> T convert(String name, Function<HostTensor, T> conversion) {
        HostTensor tensor = get(name);
        try {
            return conversion.apply(tensor);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    private static String requireText(String text, String what) {
        if (!Text.wellFormed(Objects.requireNonNull(text, what))) {
            throw new IllegalArgumentException("expected a " + what
                    + " of well-formed Unicode, got half of a surrogate pair in " + Text.quote(text));
        }
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof StateDict that && tensors.equals(that.tensors) && metadata.equals(that.metadata);
    }

    @Override
    public int hashCode() {
        return 31 * tensors.hashCode() + metadata.hashCode();
    }

    /**
     * Names, types and shapes, and the metadata.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return "StateDict" + tensors + (metadata.isEmpty() ? "" : " metadata " + metadata);
    }
}
