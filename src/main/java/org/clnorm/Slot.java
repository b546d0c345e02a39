package org.clnorm;

import java.util.Arrays;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** A named tensor of a layer's state: on the host until the layer is put on a device, there afterwards. */
final class Slot {
    private static final int MAX_HOST = Integer.MAX_VALUE - 8;

    private final String name;
    private final Shape shape;
    private final DataType type;
    private final double initial;
    private double[] host;
    private Tensor tensor;

    Slot(String name, Shape shape, DataType type, double initial) {
        this.name = name;
        this.shape = shape;
        this.type = type;
        this.initial = initial;
    }

    String name() {
        return name;
    }

    Shape shape() {
        return shape;
    }

    DataType type() {
        return type;
    }

    /** The tensor on the layer's device. */
    Tensor tensor() {
        if (tensor == null) {
            throw new IllegalStateException("expected a layer on a device for its " + name + ", call on(device) first");
        }
        return tensor;
    }

    /** The values; waits for the device. */
    double[] read() {
        if (tensor != null) {
            return tensor.readDoubles();
        }
        if (host != null) {
            return host.clone();
        }
        if (shape.size() > MAX_HOST) {
            throw new IllegalArgumentException("expected at most " + MAX_HOST + " elements in a host array, got " + name
                    + " of shape " + shape);
        }
        double[] values = new double[(int) shape.size()];
        Arrays.fill(values, initial);
        return values;
    }

    /** Whether {@link #read} would give what was written. */
    boolean isDefined() {
        return tensor == null || tensor.storage().isDefined();
    }

    /** Makes {@link #read} refuse what is there. */
    void lose() {
        if (tensor != null) {
            tensor.storage().lose();
        }
    }

    /** Makes the device usable again if work failed on it; what is there stays undefined. */
    void recoverDevice() {
        if (tensor != null) {
            tensor.device().recover();
        }
    }

    void write(double[] values) {
        if (values.length != shape.size()) {
            throw new IllegalArgumentException("expected " + shape.size() + " values for " + name + " of shape " + shape
                    + ", got " + values.length);
        }
        if (tensor != null) {
            tensor.write(values);
        } else {
            host = rounded(values);
        }
    }

    private double[] rounded(double[] values) {
        return Arrays.stream(values).map(type::round).toArray();
    }

    void reset() {
        if (tensor != null) {
            tensor.fill(initial);
        } else {
            host = null;
        }
    }

    /** A copy of the values on a device; the slot itself is unchanged until {@link #place(Tensor)}. */
    Tensor copyTo(Device device) {
        Tensor copy = device.unscoped(type, shape);
        try {
            return host == null && tensor == null ? copy.fill(initial) : copy.write(read());
        } catch (RuntimeException failed) {
            copy.close();
            throw failed;
        }
    }

    void place(Tensor copy) {
        close();
        tensor = copy;
        host = null;
    }

    void close() {
        if (tensor != null) {
            tensor.close();
        }
    }
}
