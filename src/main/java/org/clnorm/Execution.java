package org.clnorm;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.clnorm.engine.BackwardExtras;
import org.clnorm.engine.Explanation;
import org.clnorm.engine.ForwardExtras;
import org.clnorm.plan.Join;
import org.clnorm.plan.Padding;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/** Runs a layer's passes on the device that it is on: checks the tensors, makes those that are to be made. */
final class Execution {
    private final NormLayer layer;
    private final Parameters parameters;
    private final OneThread threads;
    private final Passes passes = new Passes();
    private final WarmUp warmUp = new WarmUp();
    private Device device;
    /** What the last input came to, and its shape, as long as nothing changes that; null if it did. */
    private Work work;
    private Shape workShape;
    /** The same with lengths, and these; null if there is none. */
    private Work padded;
    private Lengths paddedBy;

    Execution(NormLayer layer, Parameters parameters, OneThread threads) {
        this.layer = layer;
        this.parameters = parameters;
        this.threads = threads;
    }

    /** The device, or null where the layer is on none. */
    Device device() {
        return device;
    }

    /** Goes to a device where the parameters are already. */
    void moveTo(Device target) {
        forget();
        warmUp.forget();
        passes.end();
        parameters.closeGrads();
        device = target;
    }

    /** Says that the next input has to be prepared anew. */
    void forget() {
        work = null;
    }

    /** Ends all forward passes. */
    void end() {
        passes.end();
    }

    /** A forward pass; into may be null. */
    Tensor forward(Tensor x, Join join, ForwardExtras extras, Tensor into, boolean keep) {
        threads.enter(layer);
        try {
            prepareFor(x);
            check(x, join, extras);
            return forward(work.join(join), x, extras, into, keep);
        } finally {
            threads.leave();
        }
    }

    /** A forward pass over what is valid; into may be null. */
    Tensor forward(Tensor x, Lengths lengths, Tensor into, boolean keep) {
        threads.enter(layer);
        try {
            prepareFor(x);
            prepareFor(x, Objects.requireNonNull(lengths, "lengths"));
            return forward(padded, x, lengths.extras(), into, keep);
        } finally {
            threads.leave();
        }
    }

    private Tensor forward(Work given, Tensor x, ForwardExtras extras, Tensor into, boolean keep) {
        if (into != null) {
            checkInto(into, x, extras);
            checkKept(into, x, given.joins(), keep);
            return pass(given, x, extras, into, keep);
        }
        Tensor y = device.empty(x.type(), x.shape());
        try {
            return pass(given, x, extras, y, keep);
        } catch (RuntimeException failed) {
            y.close();
            throw failed;
        }
    }

    private Tensor pass(Work given, Tensor x, ForwardExtras extras, Tensor y, boolean keep) {
        if (keep) {
            passes.run(given, x, y, parameters.weight(), parameters.bias(), extras);
        } else {
            passes.runAlone(given, x, y, parameters.weight(), parameters.bias(), extras);
        }
        layer.forwarded();
        return y;
    }

    private void prepareFor(Tensor x) {
        layer.checkOpen();
        layer.device().checkOpen();
        Checks.placed("x", x, device);
        Checks.inputType(x.type(), layer.dataType());
        if (work == null || !x.shape().equals(workShape)) {
            work = prepared(x.shape());
            workShape = x.shape();
            padded = null;
        }
    }

    private void prepareFor(Tensor x, Lengths lengths) {
        Padding padding = layer.padding(x.shape());
        lengths.check(x.shape(), layer.time(), device);
        if (padded == null || lengths != paddedBy) {
            padded = work.padded(padding, layer.update(work, padding, lengths.total()));
            paddedBy = lengths;
        }
    }

    private void check(Tensor x, Join join, ForwardExtras extras) {
        if (join != Join.NONE) {
            Checks.alike("residual", extras.residual(), x);
        }
        if (join == Join.BEFORE) {
            Checks.sum(extras.sum(), x, extras.residual(), parameters.weight(), parameters.bias());
        }
    }

    private void checkInto(Tensor into, Tensor x, ForwardExtras extras) {
        Checks.alike("into", into, x);
        Checks.sameOrApart("into", into, x);
        Checks.apart("into", into, parameters.weight());
        Checks.apart("into", into, parameters.bias());
        Checks.apart("into", into, extras.residual());
        Checks.apart("into", into, extras.sum());
        Checks.apart("into", into, extras.lengths());
    }

    private static void checkKept(Tensor into, Tensor x, boolean joins, boolean keep) {
        if (joins) {
            Checks.apart("into", into, x);
        } else if (keep && into.memory() == x.memory()) {
            throw new IllegalArgumentException("expected into with memory of its own, got x, which backward needs;"
                    + " forwardNoGrad(x, x) normalizes in place");
        }
    }

    /** The backward pass of the last forward pass; into may be null. */
    Tensor backward(Tensor dy, BackwardExtras extras, Tensor into) {
        threads.enter(layer);
        try {
            ForwardPass pass = pending(dy, extras);
            if (into != null) {
                checkGradient(into, pass, dy, extras);
                return backward(pass, dy, into, extras);
            }
            Tensor dx = device.empty(dy.type(), dy.shape());
            try {
                return backward(pass, dy, dx, extras);
            } catch (RuntimeException failed) {
                dx.close();
                throw failed;
            }
        } finally {
            threads.leave();
        }
    }

    /** The same without dx. */
    void backwardParameters(Tensor dy) {
        threads.enter(layer);
        try {
            backward(pending(dy, BackwardExtras.NONE), dy, null, BackwardExtras.NONE);
        } finally {
            threads.leave();
        }
    }

    private ForwardPass pending(Tensor dy, BackwardExtras extras) {
        layer.checkOpen();
        ForwardPass pass = passes.last();
        device.checkOpen();
        pass.checkBackward(dy);
        pass.checkExtras(dy, extras);
        parameters.checkGradNot("dy", dy);
        parameters.checkGradNot("dsum", extras.dsum());
        parameters.checkGradNot("dresidual", extras.dresidual());
        return pass;
    }

    private void checkGradient(Tensor into, ForwardPass pass, Tensor dy, BackwardExtras extras) {
        pass.checkOutput("into", into, dy);
        Checks.apart("into", into, extras.dsum());
        Checks.apart("into", into, extras.dresidual());
        parameters.checkGradNot("into", into);
    }

    private Tensor backward(ForwardPass pass, Tensor dy, Tensor dx, BackwardExtras extras) {
        parameters.backward(pass, dy, dx, extras, device);
        passes.remove(pass);
        return dx;
    }

    /** A backward pass whose forward pass is computed once more; into may be null. */
    Tensor backwardFrom(Tensor x, Tensor dy, Tensor into) {
        threads.enter(layer);
        try {
            checkFrom(x, dy);
            if (into != null) {
                checkInto(into, x, ForwardExtras.NONE);
                Checks.sameOrApart("into", into, dy);
                parameters.checkGradNot("into", into);
                return recomputed(x, dy, into);
            }
            Tensor dx = device.empty(dy.type(), dy.shape());
            try {
                return recomputed(x, dy, dx);
            } catch (RuntimeException failed) {
                dx.close();
                throw failed;
            }
        } finally {
            threads.leave();
        }
    }

    private Tensor recomputed(Tensor x, Tensor dy, Tensor dx) {
        Recomputation.backward(work, parameters, x, dy, dx, device);
        return dx;
    }

    private void checkFrom(Tensor x, Tensor dy) {
        prepareFor(x);
        Checks.alike("dy", dy, x);
        parameters.checkGradNot("x", x);
        parameters.checkGradNot("dy", dy);
    }

    /** How the device does a pass. */
    Explanation explain(Tensor x, Task.Pass pass, Join join) {
        return layer.alone(() -> {
            prepareFor(x);
            return explained(x, pass, work.join(join));
        });
    }

    /** The same with lengths. */
    Explanation explainPadded(Tensor x, Task.Pass pass) {
        return layer.alone(() -> {
            prepareFor(x);
            return explained(x, pass, work.padded(layer.padding(x.shape()), work.update()));
        });
    }

    private Explanation explained(Tensor x, Task.Pass pass, Work given) {
        if (x.size() == 0) {
            throw new IllegalArgumentException("expected x with at least one element, got the shape " + x.shape());
        }
        if (pass == Task.Pass.STATISTICS) {
            throw new IllegalArgumentException("expected forward or backward, got " + pass);
        }
        DataType type = layer.dataType();
        boolean weight = parameters.weight() != null;
        boolean bias = parameters.bias() != null;
        return given.runner().explain(device, pass == Task.Pass.FORWARD
                ? given.forwardTask(x.type(), type, weight, bias, false)
                : given.backwardTask(x.type(), type, weight, bias, true, parameters.wanted(), false,
                        given.backwardJoin()), x);
    }

    /** Gets ready for inputs of these shapes: all of them, or none where one does not fit. */
    void warmUp(Join join, DataType inputs, Shape... shapes) {
        layer.alone(() -> warm(shape -> prepared(shape).join(join), inputs, shapes));
    }

    /** The same with lengths. */
    void warmUpPadded(DataType inputs, Shape... shapes) {
        layer.alone(() -> warm(this::preparedPadded, inputs, shapes));
    }

    private Work prepared(Shape x) {
        return layer.prepare(x).as(layer.form());
    }

    private Work preparedPadded(Shape x) {
        Work whole = prepared(x);
        return whole.padded(layer.padding(x), whole.update());
    }

    private void warm(Function<Shape, Work> preparation, DataType inputs, Shape... shapes) {
        layer.checkOpen();
        layer.device().checkOpen();
        Checks.inputType(Objects.requireNonNull(inputs, "inputs"), layer.dataType());
        List<Work> works = Stream.of(shapes).map(preparation).toList();
        for (int i = 0; i < shapes.length; i++) {
            if (shapes[i].size() > 0) {
                warmUp.prepare(device, works.get(i), inputs, layer.dataType(), parameters);
            }
        }
        parameters.reserveGrads(device);
    }
}
