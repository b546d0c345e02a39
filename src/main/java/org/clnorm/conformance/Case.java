package org.clnorm.conformance;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.clnorm.NormLayer;
import org.clnorm.TrackingLayer;
import org.clnorm.plan.Activation;
import org.clnorm.plan.Join;
import org.clnorm.state.CheckpointException;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;

/**
 * A layer with its state, the inputs of one or more steps and, where somebody knows it, what should come out.
 * Immutable.
 */
public final class Case {
    private final String name;
    private final LayerSpec spec;
    private final StateDict initial;
    private final List<CaseStep> steps;
    private final Set<String> tags;
    private final Set<String> frozen;
    private final boolean accumulate;

    Case(String name, LayerSpec spec, StateDict initial, List<CaseStep> steps, Set<String> tags, Set<String> frozen,
            boolean accumulate) {
        this.name = name;
        this.spec = spec;
        this.initial = initial;
        this.steps = List.copyOf(steps);
        this.tags = tags;
        this.frozen = frozen;
        this.accumulate = accumulate;
    }

    /**
     * Reads a case from a safetensors file of the format norm-case-v1.
     *
     * @param file the file
     * @return the case, with what should come out
     * @throws CheckpointException if the file cannot be read or is no valid case
     */
    public static Case load(Path file) {
        return CaseReader.read(file);
    }

    /**
     * Makes a case of a workload; the same line always gives the same values.
     *
     * @param workload layer, shape and values
     * @return the case, without what should come out
     */
    public static Case of(Workload workload) {
        return CaseMaker.make(workload);
    }

    /**
     * Saves the case as a safetensors file of the format norm-case-v1, without what should come out.
     *
     * @param file the file; one that is there is replaced
     * @throws CheckpointException if the file cannot be written
     */
    public void save(Path file) {
        CaseWriter.file(this).save(file);
    }

    /**
     * The name.
     *
     * @return the name in the file, or the workload's line
     */
    public String name() {
        return name;
    }

    /**
     * The kind of layer.
     *
     * @return the kind
     */
    public LayerKind kind() {
        return spec.kind();
    }

    /** The layer in its initial state, on no device. */
    NormLayer layer(DataType type) {
        return layer(spec, type);
    }

    /** The layer in double that does nothing but normalization and affine. */
    NormLayer plainly() {
        return spec.corrects() ? begun(spec.uncorrected().layer(DataType.F64), false)
                : layer(spec.in(spec.zeroCentered(), Activation.NONE, Join.NONE), DataType.F64);
    }

    private NormLayer layer(LayerSpec built, DataType type) {
        NormLayer layer = built.layer(type).accumulateGradients(accumulate);
        layer.parameters().values().forEach(parameter -> parameter.requiresGrad(!frozen.contains(parameter.name())));
        return begun(layer, true);
    }

    private NormLayer begun(NormLayer layer, boolean all) {
        layer.loadStateDict(initial, all);
        if (frozen.contains("statistics")) {
            ((TrackingLayer) layer).freezeStatistics();
        }
        return layer;
    }

    /**
     * The input of the first step.
     *
     * @return x
     */
    public HostTensor x() {
        return steps.get(0).x();
    }

    /**
     * The gradient that the backward pass of the first step is given.
     *
     * @return dy, or null if the case has no backward pass
     */
    public HostTensor dy() {
        return steps.get(0).dy();
    }

    /**
     * What is added in the first step.
     *
     * @return the residual, or null if the case has none
     */
    public HostTensor residual() {
        return steps.get(0).residual();
    }

    /**
     * What reaches the sum of the first step besides dy.
     *
     * @return dsum, or null if no residual is added before, or the case has no backward pass
     */
    public HostTensor dsum() {
        return steps.get(0).dsum();
    }

    /** The type of x, y, dy and dx in a step: of 16 bits where x is stored in them, else F32. */
    DataType storage(int step) {
        return storage(steps.get(step).x());
    }

    private static DataType storage(HostTensor tensor) {
        return switch (tensor.type()) {
            case F16 -> DataType.F16;
            case BF16 -> DataType.BF16;
            default -> DataType.F32;
        };
    }

    /** The type of weight, bias and their gradients: of 16 bits where all of them are stored as x is, else F32. */
    DataType parameterType() {
        boolean stored = spec.affine() && Stream.of("weight", "bias").filter(initial::contains)
                .allMatch(name -> storage(initial.get(name)) == storage(0));
        return stored ? storage(0) : DataType.F32;
    }

    /** The type of a tensor that comes out of a step. */
    DataType type(int step, String tensor) {
        return switch (tensor) {
            case "y", "sum", "dx", "dresidual" -> storage(step);
            case "dweight", "dbias" -> parameterType();
            default -> DataType.F32;
        };
    }

    LayerSpec spec() {
        return spec;
    }

    StateDict initial() {
        return initial;
    }

    List<CaseStep> steps() {
        return steps;
    }

    Set<String> tags() {
        return tags;
    }

    Set<String> frozen() {
        return frozen;
    }

    boolean accumulates() {
        return accumulate;
    }

    boolean statisticsFrozen() {
        return frozen.contains("statistics");
    }

    /** Whether NaN or Inf depends on the order of operations. */
    boolean formulaDependent() {
        return tags.contains("formula-dependent");
    }

    /** The same case with other steps, so with other gradients or with what should come out. */
    Case expecting(List<CaseStep> others) {
        return new Case(name, spec, initial, others, tags, frozen, accumulate);
    }

    @Override
    public String toString() {
        return name;
    }
}
