package org.clnorm.conformance;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.clnorm.plan.Join;
import org.clnorm.tensor.Shape;

/** Settings written as text, key by key; remembers which were asked for, so that the others can be called unknown. */
final class Settings {
    private final Map<String, String> values;
    private final Set<String> asked = new LinkedHashSet<>();

    Settings(Map<String, String> values) {
        this.values = values;
    }

    boolean has(String key) {
        asked.add(key);
        return values.containsKey(key);
    }

    String text(String key) {
        if (!has(key)) {
            throw new IllegalArgumentException("expected a value for " + key + ", got none");
        }
        return values.get(key);
    }

    String text(String key, String otherwise) {
        return has(key) ? values.get(key) : otherwise;
    }

    /** The words of a list parted by commas; none where there is no such key. */
    Set<String> words(String key) {
        return Arrays.stream(text(key, "").split(",")).map(String::strip).filter(word -> !word.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    boolean flag(String key, boolean otherwise) {
        return value(key, otherwise, text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("expected " + key + " of true or false, got '" + text + "'");
        });
    }

    double real(String key, double otherwise) {
        return value(key, otherwise, text -> real(key, text));
    }

    /** A momentum: a number, or {@code none} for the plain average of all batches. */
    OptionalDouble momentum(String key) {
        return value(key, OptionalDouble.of(0.1),
                text -> text.equals("none") ? OptionalDouble.empty() : OptionalDouble.of(real(key, text)));
    }

    /** Where a residual is added. */
    Join join(String key) {
        return value(key, Join.NONE, text -> switch (text) {
            case "none" -> Join.NONE;
            case "before" -> Join.BEFORE;
            case "after" -> Join.AFTER;
            default -> throw new IllegalArgumentException(
                    "expected " + key + " of none, before or after, got '" + text + "'");
        });
    }

    long whole(String key) {
        return whole(key, text(key));
    }

    long whole(String key, long otherwise) {
        return value(key, otherwise, text -> whole(key, text));
    }

    /** A shape, its dimensions parted by {@code x} in workloads, by commas in case files. */
    Shape shape(String key, String separator) {
        return shape(key, text(key), separator);
    }

    static Shape shape(String what, String text, String separator) {
        return Shape.of(Arrays.stream(text.split(Pattern.quote(separator), -1))
                .mapToLong(dim -> whole(what, dim.strip())).toArray());
    }

    /** Places of dimensions, parted as shapes are. */
    List<Integer> places(String key, String separator) {
        return Arrays.stream(shape(key, separator).dims()).mapToObj(Math::toIntExact).toList();
    }

    /** Throws if there is a setting that nobody asked for. */
    void checkAllAsked() {
        for (String key : values.keySet()) {
            if (!asked.contains(key)) {
                throw new IllegalArgumentException("expected one of the keys " + asked + ", got '" + key + "'");
            }
        }
    }

    private <T> T value(String key, T otherwise, Function<String, T> parse) {
        return has(key) ? parse.apply(values.get(key)) : otherwise;
    }

    static double real(String key, String text) {
        try {
            return switch (text) {
                case "nan" -> Double.NaN;
                case "inf" -> Double.POSITIVE_INFINITY;
                default -> Double.parseDouble(text);
            };
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("expected a number for " + key + ", got '" + text + "'", e);
        }
    }

    private static long whole(String key, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "expected a whole number below 2^63 for " + key + ", got '" + text + "'", e);
        }
    }
}
