package org.clnorm.plan;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was measured to be the fastest way to do some tasks on one device. As a text file: a line that names the device,
 * and a line for each task, its key, a variant and {@code NAME=VALUE} thresholds. {@code #} begins a comment.
 *
 * <pre>
 * clnorm-tuning 1 NAME OF THE DEVICE
 * forward,batch,weight,bias,kept:4096:1024:0,reduced:1024:1:1 cpu/rows CPU_STREAM_BYTES=8388608
 * </pre>
 */
public final class Tuning {
    /** Nothing was measured. */
    public static final Tuning NONE = new Tuning("", Map.of());

    private static final String HEAD = "clnorm-tuning 1 ";

    private final String device;
    private final Map<String, Choice> choices;

    /**
     * Choices for a device.
     *
     * @param device  the device's name
     * @param choices by {@link Task#key()}
     */
    public Tuning(String device, Map<String, Choice> choices) {
        this.device = device;
        this.choices = new LinkedHashMap<>(choices);
    }

    /**
     * The name of the device that was measured.
     *
     * @return its name
     */
    public String device() {
        return device;
    }

    /**
     * What was chosen for a task.
     *
     * @param task a task
     * @return the choice, or empty if it was not measured
     */
    public Optional<Choice> choice(Task task) {
        return choices.isEmpty() ? Optional.empty() : Optional.ofNullable(choices.get(task.key()));
    }

    /**
     * Reads a tuning file.
     *
     * @param file the file
     * @return its choices
     * @throws IllegalArgumentException if it cannot be read or is no tuning file; the message names file and line
     */
    public static Tuning read(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new IllegalArgumentException("cannot read the tuning file " + file + ": " + unreadable, unreadable);
        }
        return parse(lines, file.toString());
    }

    static Tuning parse(List<String> lines, String source) {
        if (lines.isEmpty() || !lines.get(0).startsWith(HEAD)) {
            throw new IllegalArgumentException("expected a tuning file that begins with '" + HEAD.strip()
                    + " DEVICE', got " + source + " with " + (lines.isEmpty() ? "nothing" : "'" + lines.get(0) + "'"));
        }
        Map<String, Choice> choices = new LinkedHashMap<>();
        for (int i = 1; i < lines.size(); i++) {
            String line = lines.get(i).replaceFirst("#.*", "").strip();
            if (!line.isEmpty()) {
                String[] words = line.split("\\s+");
                if (choices.put(words[0], choice(words, source + ":" + (i + 1))) != null) {
                    throw new IllegalArgumentException(source + ":" + (i + 1) + ": expected a task once, got "
                            + words[0] + " again");
                }
            }
        }
        return new Tuning(lines.get(0).substring(HEAD.length()).strip(), choices);
    }

    private static Choice choice(String[] words, String where) {
        if (words.length < 2 || !Planner.variants().contains(words[1])) {
            throw new IllegalArgumentException(where + ": expected a task and a variant of " + Planner.variants()
                    + ", got " + (words.length < 2 ? "no variant" : "'" + words[1] + "'"));
        }
        Map<Threshold, Long> thresholds = new EnumMap<>(Threshold.class);
        for (int i = 2; i < words.length; i++) {
            String[] pair = words[i].split("=", 2);
            try {
                Threshold threshold = Threshold.valueOf(pair[0]);
                thresholds.put(threshold, threshold.checked(Long.parseLong(pair[pair.length - 1])));
            } catch (IllegalArgumentException malformed) {
                throw new IllegalArgumentException(where + ": expected THRESHOLD=NUMBER, got '" + words[i] + "': "
                        + malformed.getMessage(), malformed);
            }
        }
        return new Choice(words[1], thresholds);
    }

    /**
     * The lines of a tuning file.
     *
     * @return text that {@link #read} understands
     */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(HEAD + device);
        choices.forEach((key, choice) -> lines.add(key + " " + choice));
        return lines;
    }
}
