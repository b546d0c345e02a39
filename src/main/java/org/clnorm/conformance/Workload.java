package org.clnorm.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clnorm.AddNorm;
import org.clnorm.Lengths;
import org.clnorm.NormAdd;
import org.clnorm.NormLayer;
import org.clnorm.PaddedNorm;
import org.clnorm.TrackingLayer;
import org.clnorm.engine.Explanation;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * What is run, checked and timed, in one line: {@code LAYER SHAPE [key=value …]}, such as
 * {@code group_norm 16x256x32x32 groups=32}. Immutable; equal workloads have equal lines.
 *
 * <table>
 * <caption>Keys; what is not given has the layer's default</caption>
 * <tr><th>key</th><th>value</th></tr>
 * <tr><td>mode</td><td>train or eval</td></tr>
 * <tr><td>steps</td><td>several forward passes in a row, a letter each: {@code tte} trains twice and
 * evaluates</td></tr>
 * <tr><td>groups</td><td>numGroups; group_norm only, which needs it</td></tr>
 * <tr><td>normalized_shape</td><td>{@code 64x64}; layer_norm and rms_norm only, which need it</td></tr>
 * <tr><td>eps, momentum</td><td>a number; momentum may be {@code none}, the plain average</td></tr>
 * <tr><td>affine, bias, track</td><td>true or false</td></tr>
 * <tr><td>variance</td><td>unbiased or biased: what enters the running variance</td></tr>
 * <tr><td>zero_centered</td><td>true: the weight is kept as its difference from 1; layer_norm and rms_norm
 * only</td></tr>
 * <tr><td>activation</td><td>relu, leaky_relu:0.01, silu, gelu or gelu_tanh, after the affine</td></tr>
 * <tr><td>residual</td><td>before: added to x, and the sum written too; after: added before the activation</td></tr>
 * <tr><td>unbatched</td><td>true: SHAPE begins with the channels; instance_norm only</td></tr>
 * <tr><td>x, dy</td><td>the values: normal, zero, ones, const, constchan, chanscales, denormal, outlier, spike, nan1,
 * inf1, ninf1, exact (means, variances and sums have no rounding errors in any order), offset1e4 (with a deviation of
 * 1e-2), offset1e4:30 (with one of 30), scale3e19 …</td></tr>
 * <tr><td>seed</td><td>of the values, 0 unless given</td></tr>
 * <tr><td>backward</td><td>true or false</td></tr>
 * <tr><td>freeze</td><td>some of weight, bias and statistics, joined by +</td></tr>
 * <tr><td>accumulate</td><td>true: the parameters' gradients of all steps are added up</td></tr>
 * <tr><td>dtype</td><td>f32, f16 or bf16: the type of x, y, dy and dx</td></tr>
 * <tr><td>parameters</td><td>f32, or storage: weight, bias and their gradients have the type of x</td></tr>
 * <tr><td>layout</td><td>nchw, or nhwc: the channels are last in memory; the shape in the line is N x C x space all the
 * same; not for layer_norm and rms_norm</td></tr>
 * <tr><td>virtual_batch</td><td>so many samples are normalized together in training; batch_norm only</td></tr>
 * <tr><td>renorm</td><td>{@code 3:5}: batch renormalization, r up to 3 and d up to 5; batch_norm only</td></tr>
 * <tr><td>axes</td><td>{@code 1x2}: the dimensions that are normalized over, instead of normalized_shape; layer_norm
 * and rms_norm only</td></tr>
 * <tr><td>lengths</td><td>{@code 5x7x3}, of each sample its valid time steps; random, three quarters of the steps on
 * average; full, all of them; see {@link PaddedNorm}; what is padding is NaN; not with a residual</td></tr>
 * </table>
 */
public final class Workload {
    private final LayerSpec spec;
    private final Shape shape;
    private final Trial trial;

    Workload(LayerSpec spec, Shape shape, Trial trial) {
        this.spec = spec;
        this.shape = shape;
        this.trial = trial;
    }

    /**
     * Reads a line.
     *
     * @param line layer, shape and settings, parted by blanks; a comment may follow a #
     * @return the workload
     * @throws IllegalArgumentException if the line is malformed, the layer would refuse it, or something in it is not
     *                                  supported yet; says what was expected
     */
    public static Workload parse(String line) {
        return WorkloadParser.parse(line);
    }

    /**
     * Reads a file of workloads, one a line; a # begins a comment, empty lines are skipped.
     *
     * @param file a text file
     * @return the workloads in order
     * @throws IOException              if the file cannot be read
     * @throws IllegalArgumentException if a line cannot be understood; names file and line
     */
    public static List<Workload> read(Path file) throws IOException {
        List<Workload> workloads = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            try {
                if (!WorkloadParser.withoutComment(lines.get(i)).isEmpty()) {
                    workloads.add(parse(lines.get(i)));
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(file + ":" + (i + 1) + ": " + e.getMessage(), e);
            }
        }
        return workloads;
    }

    /**
     * A new layer with the settings of the line, on no device: in the mode of the first step, with parameters and
     * statistics frozen as the line says.
     *
     * @return the layer
     */
    public NormLayer layer() {
        return layer(trial.parameterType());
    }

    NormLayer layer(DataType type) {
        NormLayer layer = spec.layer(type).train(training()).accumulateGradients(trial.accumulate());
        layer.parameters().values()
                .forEach(parameter -> parameter.requiresGrad(!trial.frozen().contains(parameter.name())));
        if (trial.frozen().contains("statistics")) {
            ((TrackingLayer) layer).freezeStatistics();
        }
        return layer;
    }

    /**
     * The kind of layer.
     *
     * @return the kind
     */
    public LayerKind kind() {
        return spec.kind();
    }

    /**
     * The shape in the line: N x C x space in logical order.
     *
     * @return the shape
     */
    public Shape shape() {
        return shape;
    }

    /**
     * The shape of the tensors x, y, dy and dx, as they lie in memory.
     *
     * @return the shape, with the channels last where the line says so
     */
    public Shape stored() {
        return spec.arrangement().stored(shape, trial.unbatched());
    }

    /**
     * The type of x, y, dy and dx.
     *
     * @return F32, F16 or BF16
     */
    public DataType dataType() {
        return trial.dataType();
    }

    /**
     * The size of x, and of y, dy and dx.
     *
     * @return bytes
     */
    public long bytes() {
        return shape.size() * dataType().bytes();
    }

    /**
     * The mode of the first step.
     *
     * @return true in training mode
     */
    public boolean training() {
        return trial.steps().charAt(0) == 't';
    }

    /**
     * The number of forward passes that make up the workload.
     *
     * @return 1 unless the line says {@code steps}
     */
    public int steps() {
        return trial.steps().length();
    }

    /**
     * Whether each forward pass is followed by a backward pass.
     *
     * @return true unless the line says {@code backward=false}
     */
    public boolean backward() {
        return trial.backward();
    }

    /**
     * Where a residual is added.
     *
     * @return NONE unless the line says {@code residual}
     */
    public Join join() {
        return spec.join();
    }

    /**
     * Whether samples have lengths.
     *
     * @return false unless the line says {@code lengths}
     */
    public boolean isPadded() {
        return spec.arrangement().endings().exist();
    }

    /**
     * The lengths of the samples, on a device.
     *
     * @param device where the workload is run
     * @return lengths, closed with the current scope, or the caller's to close
     * @throws IllegalArgumentException if there are none
     */
    public Lengths lengths(Device device) {
        if (!isPadded()) {
            throw new IllegalArgumentException("expected a workload with lengths, got " + this);
        }
        return spec.arrangement().endings().on(device, stored(), spec.time());
    }

    /**
     * How many time steps of each sample are valid.
     *
     * @return a number for each sample; none where samples have no lengths
     */
    public long[] validSteps() {
        return isPadded() ? spec.arrangement().endings().lengths(stored(), spec.time()) : new long[0];
    }

    /**
     * What is applied last.
     *
     * @return NONE unless the line says {@code activation}
     */
    public Activation activation() {
        return spec.activation();
    }

    /**
     * How a layer of the workload does a pass, with a residual where the line has one.
     *
     * @param layer such a layer, on a device
     * @param x     the input
     * @param pass  forward or backward
     * @return as {@link NormLayer#explain(Tensor, Task.Pass)}
     * @throws IllegalArgumentException as of the layer
     * @throws IllegalStateException    as of the layer
     */
    public Explanation explain(NormLayer layer, Tensor x, Task.Pass pass) {
        return switch (join()) {
            case NONE -> isPadded() ? new PaddedNorm(layer).explain(x, pass) : layer.explain(x, pass);
            case BEFORE -> new AddNorm(layer).explain(x, pass);
            case AFTER -> new NormAdd(layer).explain(x, pass);
        };
    }

    LayerSpec spec() {
        return spec;
    }

    Trial trial() {
        return trial;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Workload that && toString().equals(that.toString());
    }

    @Override
    public int hashCode() {
        return toString().hashCode();
    }

    /**
     * The line, with a fixed order of keys and without what is default.
     *
     * @return a line that {@link #parse} reads
     */
    @Override
    public String toString() {
        return WorkloadFormat.format(this);
    }
}
