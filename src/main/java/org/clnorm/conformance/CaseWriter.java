package org.clnorm.conformance;

import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.clnorm.VarianceEstimate;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;

/**
 * Makes the file of a case, of the format norm-case-v1. What that format has no words for is said in keys of its own,
 * only where it is not the default: {@code frozen}, {@code accumulate}, {@code running_variance},
 * {@code zero_centered}, {@code activation}, {@code residual}, {@code layout}, {@code virtual_batch}, {@code renorm},
 * {@code axes}, {@code lengths}; and in tensors {@code k.residual} and {@code k.dsum}.
 */
final class CaseWriter {
    private final Case what;
    private final LayerSpec spec;
    private final StateDict file = new StateDict();

    private CaseWriter(Case what) {
        this.what = what;
        this.spec = what.spec();
    }

    static StateDict file(Case what) {
        CaseWriter writer = new CaseWriter(what);
        writer.layer();
        writer.initial();
        for (int k = 0; k < what.steps().size(); k++) {
            writer.step(k, what.steps().get(k));
        }
        return writer.file;
    }

    private void layer() {
        LayerKind kind = spec.kind();
        say("format", CaseReader.FORMAT);
        say("name", what.name());
        say("op", kind.label());
        say("module", module());
        say("num_steps", what.steps().size());
        list("tags", what.tags());
        say("eps", spec.eps());
        say("affine", spec.affine());
        say("bias", spec.bias());
        if (kind.overLast()) {
            say("normalized_shape", dims(spec.normalized().dims()));
        } else {
            say("num_features", spec.channels());
        }
        if (kind == LayerKind.GROUP_NORM) {
            say("num_groups", spec.groups());
        }
        if (kind.mayTrack()) {
            say("track_running_stats", spec.track());
            say("momentum", spec.momentum().isPresent() ? spec.momentum().getAsDouble() : "none");
        }
        own();
    }

    private String module() {
        String name = Arrays.stream(spec.kind().label().split("_"))
                .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                .collect(Collectors.joining());
        if (spec.kind() == LayerKind.RMS_NORM) {
            return "RMSNorm";
        }
        return spec.kind().mayTrack() ? name + spec.spatial() + "d" : name;
    }

    private void own() {
        list("frozen", what.frozen());
        if (what.accumulates()) {
            say("accumulate", true);
        }
        if (spec.variance() == VarianceEstimate.BIASED) {
            say("running_variance", "biased");
        }
        form();
        arrangement(spec.arrangement());
    }

    private void arrangement(Arrangement arrangement) {
        if (arrangement.channelsLast()) {
            say("layout", "nhwc");
        }
        if (arrangement.endings().exist()) {
            say("lengths", arrangement.endings().text());
        }
        if (arrangement.virtualBatch() > 0) {
            say("virtual_batch", arrangement.virtualBatch());
        }
        if (spec.corrects()) {
            say("renorm", spec.correction());
        }
        if (!arrangement.axes().isEmpty()) {
            say("axes", arrangement.axes().stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
    }

    private void form() {
        if (spec.zeroCentered()) {
            say("zero_centered", true);
        }
        if (!spec.activation().equals(Activation.NONE)) {
            say("activation", spec.activation());
        }
        if (spec.join() != Join.NONE) {
            say("residual", spec.join().name().toLowerCase(Locale.ROOT));
        }
    }

    private void initial() {
        what.initial().tensors().forEach((name, tensor) -> {
            if (name.equals(CaseRunner.BATCHES)) {
                say("num_batches_tracked_init", tensor.toLongs()[0]);
            } else {
                file.put(name, tensor);
            }
        });
    }

    private void step(int k, CaseStep step) {
        say("step." + k + ".mode", step.training() ? "train" : "eval");
        say("step." + k + ".shape", dims(step.x().shape()));
        put(k + ".x", step.x());
        put(k + ".dy", step.dy());
        put(k + ".residual", step.residual());
        put(k + ".dsum", step.dsum());
    }

    private void put(String name, HostTensor tensor) {
        if (tensor != null) {
            file.put(name, tensor);
        }
    }

    private void list(String key, Set<String> words) {
        if (!words.isEmpty()) {
            say(key, words.stream().sorted().collect(Collectors.joining(",")));
        }
    }

    private void say(String key, Object value) {
        file.putMetadata(key, value.toString());
    }

    private static String dims(long[] dims) {
        return LongStream.of(dims).mapToObj(Long::toString).collect(Collectors.joining(","));
    }
}
