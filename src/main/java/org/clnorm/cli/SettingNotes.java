package org.clnorm.cli;

/** What the settings of a workload line change. */
final class SettingNotes {
    private SettingNotes() {
    }

    /** A note on a setting, {@code key=value}; empty where the key changes nothing in what belongs together. */
    static String of(String setting) {
        String value = setting.substring(setting.indexOf('=') + 1);
        return switch (setting.substring(0, setting.indexOf('='))) {
            case "mode" -> value.equals("eval") ? "the layer is in evaluation mode" : "";
            case "steps" -> "several passes, t in training, e in evaluation; what is said here is of the first";
            case "groups" -> "the channels of a sample are parted into " + value + " blocks of neighbours";
            case "normalized_shape" -> "statistics run over the last dimensions; each place in them has a parameter";
            case "axes" -> "statistics run over these dimensions, and each place in them has a parameter";
            case "layout" -> "channels are last in memory; they belong together as before, nothing is copied";
            case "lengths" -> "what follows the end of a sample enters no statistics, and y is 0 there";
            case "virtual_batch" -> "in training every " + value + " samples have statistics of their own";
            case "renorm" -> "statistics of the batch are corrected towards the running ones, within these limits";
            case "activation" -> value + " is applied last, to y = x̂ · weight + bias";
            case "residual" -> value.equals("before") ? "a second input is added to x first; statistics are of the sum"
                    : "a second input is added to y, before any activation; statistics are of x alone";
            case "zero_centered" -> "the weight is kept as its difference from 1: y = x̂ · (1 + weight) + bias";
            case "affine" -> value.equals("true") ? "there are parameters" : "there are no parameters";
            case "bias" -> "there is a weight and no bias";
            case "track" -> value.equals("true") ? "there are running statistics" : "there are no running statistics";
            case "variance" -> "the running variance takes up the biased variance";
            case "momentum" -> value.equals("none") ? "running statistics are the plain average of all batches"
                    : "the weight of a new batch in the running statistics";
            case "unbatched" -> "the input is one sample, without N";
            case "freeze" -> "these do not change in training";
            default -> "";
        };
    }
}
