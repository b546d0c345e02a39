package org.clnorm.conformance;

import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.clnorm.VarianceEstimate;
import org.clnorm.tensor.Shape;

/** Makes the line of a workload. */
final class WorkloadFormat {
    private final StringJoiner line = new StringJoiner(" ");

    private WorkloadFormat() {
    }

    static String format(Workload workload) {
        WorkloadFormat format = new WorkloadFormat();
        format.line.add(workload.kind().label()).add(dims(workload.shape()));
        format.steps(workload.trial().steps());
        format.layer(workload.spec());
        format.trial(workload.trial());
        return format.line.toString();
    }

    private static String dims(Shape shape) {
        return LongStream.of(shape.dims()).mapToObj(Long::toString).collect(Collectors.joining("x"));
    }

    private void steps(String steps) {
        if (steps.length() > 1) {
            line.add("steps=" + steps);
        } else {
            unless("mode", steps.equals("e") ? "eval" : "train", "train");
        }
    }

    private void layer(LayerSpec spec) {
        LayerKind kind = spec.kind();
        if (kind == LayerKind.GROUP_NORM) {
            line.add("groups=" + spec.groups());
        }
        if (!spec.arrangement().axes().isEmpty()) {
            line.add(spec.arrangement().axes().stream().map(String::valueOf)
                    .collect(Collectors.joining("x", "axes=", "")));
        } else if (kind.overLast()) {
            line.add("normalized_shape=" + dims(spec.normalized()));
        }
        unless("eps", number(spec.eps()), number(LayerSpec.eps(kind)));
        unless("momentum", spec.momentum().isEmpty() ? "none" : number(spec.momentum().getAsDouble()), number(0.1));
        unless("affine", spec.affine(), kind != LayerKind.INSTANCE_NORM);
        unless("bias", spec.bias(), spec.affine() && kind != LayerKind.RMS_NORM);
        unless("track", spec.track(), kind == LayerKind.BATCH_NORM);
        unless("variance", spec.variance() == VarianceEstimate.BIASED ? "biased" : "unbiased", "unbiased");
        unless("zero_centered", spec.zeroCentered(), false);
        unless("activation", spec.activation().toString(), "none");
        unless("layout", spec.arrangement().channelsLast() ? "nhwc" : "nchw", "nchw");
        unless("virtual_batch", spec.arrangement().virtualBatch(), 0L);
        unless("lengths", spec.arrangement().endings().text(), "");
        unless("renorm", spec.correction(), Correction.NONE);
        unless("residual", spec.join().name().toLowerCase(Locale.ROOT), "none");
    }

    private void trial(Trial trial) {
        unless("unbatched", trial.unbatched(), false);
        unless("x", trial.x(), Family.NORMAL);
        unless("dy", trial.dy(), Family.NORMAL);
        unless("backward", trial.backward(), true);
        unless("freeze", String.join("+", trial.frozen()), "");
        unless("accumulate", trial.accumulate(), false);
        unless("dtype", trial.dataType().name().toLowerCase(Locale.ROOT), "f32");
        unless("parameters", trial.stored() ? "storage" : "f32", "f32");
        unless("seed", trial.seed(), 0L);
    }

    private <T> void unless(String key, T value, T common) {
        if (!value.equals(common)) {
            line.add(key + "=" + value);
        }
    }

    /** The shortest digits that give the value back: {@code 1e-5}, {@code 0.37}, {@code 0}. */
    static String number(double value) {
        String text = Double.toString(value).replace(".0E", "E").replace('E', 'e');
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
