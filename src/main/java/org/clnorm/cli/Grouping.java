package org.clnorm.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.clnorm.NormLayer;
import org.clnorm.conformance.Workload;
import org.clnorm.plan.Axis;
import org.clnorm.plan.DeviceClass;
import org.clnorm.plan.KernelSet;
import org.clnorm.plan.NormView;
import org.clnorm.plan.Padding;
import org.clnorm.plan.Reduction;
import org.clnorm.plan.Task;
import org.clnorm.plan.Thresholds;
import org.clnorm.plan.Traits;
import org.clnorm.tensor.Tensor;

/** Which group and which parameter each element of a workload belongs to: what its layer would tell a device. */
final class Grouping {
    private final Workload workload;
    private final Task task;
    private final String layer;
    private final List<String> names;
    private final long[] lengths;

    private Grouping(Workload workload, Task task, String layer) {
        this.workload = workload;
        this.task = task;
        this.layer = layer;
        names = Dimensions.names(workload);
        lengths = workload.validSteps();
    }

    /** Asks the layer, on a device on paper. */
    static Grouping of(Workload workload) {
        Traits traits = new Traits(KernelSet.GPU, 1, 256, 32 << 10, 4, Reduction.LOCAL_MEMORY,
                Thresholds.of(DeviceClass.of(KernelSet.GPU, "gpu")));
        try (PaperDevice device = new PaperDevice(traits, "");
                NormLayer layer = workload.layer().on(device);
                Tensor x = device.empty(workload.dataType(), workload.stored())) {
            return new Grouping(workload, workload.explain(layer, x, Task.Pass.FORWARD).task(), layer.toString());
        }
    }

    Workload workload() {
        return workload;
    }

    String layer() {
        return layer;
    }

    NormView view() {
        return task.view();
    }

    Task.Statistics statistics() {
        return task.statistics();
    }

    boolean weight() {
        return task.weight();
    }

    boolean bias() {
        return task.bias();
    }

    boolean hasParameters() {
        return weight() || bias();
    }

    int rank() {
        return names.size();
    }

    long size(int dim) {
        return workload.stored().dim(dim);
    }

    String name(int dim) {
        return names.get(dim);
    }

    /** The elements between neighbours along a dimension. */
    long stride(int dim) {
        return workload.stored().size(dim + 1, rank());
    }

    /** The group of an element, counted as the saved statistics are. */
    long group(long element) {
        long group = 0;
        for (Axis axis : view().kept()) {
            group = group * axis.size() + element / axis.stride() % axis.size();
        }
        return group;
    }

    /** The index of weight and bias that an element takes. */
    long parameter(long element) {
        long parameter = 0;
        for (Axis axis : view().axes()) {
            parameter += element / axis.stride() % axis.size() * axis.paramStride();
        }
        return parameter;
    }

    /** Whether an element is none of padding. */
    boolean valid(long element) {
        Padding padding = task.padding();
        return !padding.exists()
                || element % padding.run() < padding.valid(lengths[Math.toIntExact(element / padding.sample())]);
    }

    /** How many neighbours along a dimension are of one group: all, one, or a block of them. */
    long run(int dim) {
        long same = 1;
        long other = size(dim);
        while (same < other) {
            long middle = same + (other - same) / 2;
            if (group(middle * stride(dim)) == 0) {
                same = middle + 1;
            } else {
                other = middle;
            }
        }
        return same;
    }

    /** The dimensions along which the parameter changes. */
    List<Integer> parameterDims() {
        List<Integer> dims = new ArrayList<>();
        for (int dim = 0; dim < rank(); dim++) {
            if (hasParameters() && size(dim) > 1 && parameter(stride(dim)) != 0) {
                dims.add(dim);
            }
        }
        return dims;
    }

    /** The settings of the line, without layer and shape, default ones left out. */
    Set<String> settings() {
        List<String> words = Arrays.asList(workload.toString().split(" "));
        return new LinkedHashSet<>(words.subList(2, words.size()));
    }
}
