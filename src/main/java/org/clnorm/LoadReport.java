package org.clnorm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What came of loading a state: which keys were taken, and what stood in the way of the others. Loading that is strict
 * throws it, in a {@link StateMismatchException}, unless it {@link #isComplete()}; loading that is not returns it.
 *
 * @param loaded the keys that were loaded, or would have been without the faults of others; in the layers' order
 * @param faults one for every key with a fault: those of the layers in their order, then unexpected ones in the state's
 */
public record LoadReport(List<String> loaded, List<Fault> faults) {
    /** How many keys of a kind a message names, and how much of each: they come from a file nobody vouches for. */
    private static final int MOST = 8;
    private static final int SHOWN = 120;

    /** What can be wrong with a key. */
    public enum Kind {
        /** The layers have it and the state does not. */
        MISSING,
        /** The state has it and the layers do not. */
        UNEXPECTED,
        /** Both have it, with different shapes. */
        MISSHAPEN,
        /** Both have it, and the state's type cannot be converted without guessing. */
        MISTYPED,
        /** Type and shape fit, the value does not: a count below 0, two values for one layer with two names. */
        INVALID
    }

    /**
     * What is wrong with a key.
     *
     * @param kind     in which way it is wrong
     * @param key      the key in full, such as {@code layer1.0.bn1.weight}
     * @param expected what the layers expected: type and shape, such as {@code F32[64]}, of a missing key; the shape
     *                 of a misshapen or the type of a mistyped one; empty for an unexpected one
     * @param got      what the state has, likewise; empty for a missing key
     */
    public record Fault(Kind kind, String key, String expected, String got) {
        /** The fault in one line, such as {@code weight of shape [32] instead of [64]}. */
        @Override
        public String toString() {
            String name = shown(key);
            return switch (kind) {
                case MISSING -> "missing " + name + ", " + expected;
                case UNEXPECTED -> "unexpected " + name + ", " + got;
                case MISSHAPEN -> name + " of shape " + got + " instead of " + expected;
                case MISTYPED -> name + " of type " + got + " instead of " + expected;
                case INVALID -> name + " of " + got + " instead of " + expected;
            };
        }
    }

    /**
     * Takes copies of the lists.
     *
     * @param loaded the keys that were loaded
     * @param faults one for every key with a fault
     */
    public LoadReport {
        loaded = List.copyOf(loaded);
        faults = List.copyOf(faults);
    }

    /**
     * Whether the keys of state and layers are the same and all fit, but for batch counts that older files lack.
     *
     * @return true if there are no faults
     */
    public boolean isComplete() {
        return faults.isEmpty();
    }

    /**
     * The keys that the state lacks.
     *
     * @return keys in the layers' order
     */
    public List<String> missing() {
        return keys(Kind.MISSING);
    }

    /**
     * The keys that belong to no layer.
     *
     * @return keys in the state's order
     */
    public List<String> unexpected() {
        return keys(Kind.UNEXPECTED);
    }

    /**
     * The keys of one kind of fault.
     *
     * @param kind what is wrong with them
     * @return keys, in the order of the faults
     */
    public List<String> keys(Kind kind) {
        return faults.stream().filter(fault -> fault.kind() == kind).map(Fault::key).toList();
    }

    /** The faults that loading cannot pass over: all but missing and unexpected keys. */
    List<Fault> misfits() {
        return faults.stream().filter(fault -> fault.kind() != Kind.MISSING && fault.kind() != Kind.UNEXPECTED)
                .toList();
    }

    /** What is wrong, for a message: the first of each kind, and how many more there are. */
    String describe() {
        List<String> parts = new ArrayList<>();
        addKeys(parts, "missing keys ", missing());
        addKeys(parts, "unexpected keys ", unexpected());
        List<Fault> misfits = misfits();
        misfits.stream().limit(MOST).forEach(fault -> parts.add(fault.toString()));
        if (misfits.size() > MOST) {
            parts.add((misfits.size() - MOST) + " more");
        }
        strangePrefix().ifPresent(prefix -> parts.add("names begin with '" + shown(prefix)
                + "', which StateDict.withoutPrefix takes off"));
        return String.join("; ", parts);
    }

    private static void addKeys(List<String> parts, String what, List<String> keys) {
        if (!keys.isEmpty()) {
            parts.add(keys.stream().limit(MOST).map(LoadReport::shown).collect(Collectors.joining(", ", what + "[",
                    keys.size() > MOST ? ", and " + (keys.size() - MOST) + " more]" : "]")));
        }
    }

    /** What DataParallel and other wrappers of models put before every name. */
    private Optional<String> strangePrefix() {
        List<String> unexpected = unexpected();
        return missing().stream().limit(1).flatMap(missing -> unexpected.stream()
                .filter(key -> key.endsWith("." + missing))
                .map(key -> key.substring(0, key.length() - missing.length()))).findFirst();
    }

    /** A key on one line, shortened. */
    private static String shown(String key) {
        String line = key.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]", "?");
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "…";
    }

    /**
     * A line with the counts, then one for every fault.
     *
     * @return the text
     */
    @Override
    public String toString() {
        return faults.stream().map(fault -> "\n  " + fault).collect(Collectors.joining("",
                "keys loaded: " + loaded.size() + ", faults: " + faults.size(), ""));
    }
}
