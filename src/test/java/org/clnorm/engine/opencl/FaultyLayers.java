package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.clnorm.AddNorm;
import org.clnorm.BatchNorm2d;
import org.clnorm.GroupNorm;
import org.clnorm.InstanceNorm2d;
import org.clnorm.LayerNorm;
import org.clnorm.NormAdd;
import org.clnorm.NormLayer;
import org.clnorm.plan.Activation;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Tensor;

/** Layers of every kind, devices of every kind that may fail, and all that a layer is asked for. */
final class FaultyLayers {
    static final long[] SHAPE = {3, 4, 3, 5};
    /** The one whose activation goes together with a residual. */
    static final String RECTIFIED = "batch, relu";
    private static final int SIZE = 180;

    private FaultyLayers() {
    }

    static Map<String, Supplier<NormLayer>> layers() {
        Map<String, Supplier<NormLayer>> all = new LinkedHashMap<>();
        all.put("batch", () -> new BatchNorm2d(4));
        all.put("batch, cumulative", () -> BatchNorm2d.builder(4).cumulativeMomentum().build());
        all.put("batch, eval", () -> new BatchNorm2d(4).eval());
        all.put("batch, plain", () -> BatchNorm2d.builder(4).affine(false).trackRunningStats(false).build());
        all.put("instance", () -> InstanceNorm2d.builder(4).affine(true).trackRunningStats(true).build());
        all.put("group", () -> new GroupNorm(2, 4));
        all.put("layer", () -> new LayerNorm(3, 5));
        all.put(RECTIFIED, () -> BatchNorm2d.builder(4).activation(Activation.RELU).build());
        return all;
    }

    static float[] values(int seed) {
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = (i * 37 + seed * 11) % 53 / 8f - 3;
        }
        return values;
    }

    /** What an operation works on; all of it is made before. */
    record Place(NormLayer layer, Tensor x, Tensor dy, Tensor into, StateDict other) {
        /** Brings inputs back to what they are, and forgets passes that wait. */
        void reset() {
            x.write(values(1));
            dy.write(values(2));
            into.fill(0);
        }
    }

    /** One call, and what comes before it. The call gives what is to come out the same in a second try. */
    record Operation(String name, Before before, Call call) {
        /** Gets ready; may run anything. */
        interface Before {
            void to(Place place);
        }

        /** The call; tensors that it makes are for the scope around it. */
        interface Call {
            Tensor in(Place place);
        }
    }

    static List<Operation> operations() {
        List<Operation> all = new ArrayList<>();
        Operation.Before nothing = place -> { };
        Operation.Before forward = place -> place.layer.forward(place.x);
        all.add(new Operation("forward", nothing, place -> place.layer.forward(place.x)));
        all.add(new Operation("forward into", nothing, place -> place.layer.forward(place.x, place.into)));
        all.add(new Operation("forwardNoGrad", nothing, place -> place.layer.forwardNoGrad(place.x)));
        all.add(new Operation("forward in place", nothing, place -> place.layer.forwardNoGrad(place.x, place.x)));
        all.add(new Operation("backward", forward, place -> place.layer.backward(place.dy)));
        all.add(new Operation("backward, adding", place -> {
            place.layer.accumulateGradients(true);
            forward.to(place);
        }, place -> place.layer.backward(place.dy)));
        all.add(new Operation("backward in place", forward, place -> place.layer.backward(place.dy, place.dy)));
        all.add(new Operation("backward into x", forward, place -> place.layer.backward(place.dy, place.x)));
        all.add(new Operation("backwardParameters", forward, place -> {
            place.layer.backwardParameters(place.dy);
            return null;
        }));
        all.add(new Operation("backwardFrom", nothing, place -> place.layer.backwardFrom(place.x, place.dy)));
        all.add(new Operation("backwardFrom into", nothing,
                place -> place.layer.backwardFrom(place.x, place.dy, place.into)));
        all.add(new Operation("backwardFrom in place", nothing,
                place -> place.layer.backwardFrom(place.x, place.dy, place.dy)));
        all.add(new Operation("warmUp", nothing, place -> {
            place.layer.warmUp(place.x.shape());
            return null;
        }));
        all.add(new Operation("save", nothing, place -> {
            place.layer.stateDict();
            return null;
        }));
        all.add(new Operation("load", nothing, place -> {
            place.layer.loadStateDict(place.other);
            return null;
        }));
        all.add(new Operation("resetParameters", nothing, place -> {
            place.layer.resetParameters();
            return null;
        }));
        all.add(new Operation("zeroGrad", nothing, place -> {
            place.layer.zeroGrad();
            return null;
        }));
        return all;
    }

    /** What a layer is asked for with a residual, for which dy stands in; or else x, and the sum is where into is. */
    static List<Operation> withResidual() {
        List<Operation> all = new ArrayList<>();
        Operation.Before nothing = place -> { };
        Operation.Before sum = place -> new AddNorm(place.layer).forward(place.x, place.dy, place.into);
        all.add(new Operation("AddNorm forward", nothing,
                place -> new AddNorm(place.layer).forward(place.x, place.dy, place.into)));
        all.add(new Operation("AddNorm forward, sum in the place of x", nothing,
                place -> new AddNorm(place.layer).forward(place.x, place.dy, place.x, place.into)));
        all.add(new Operation("AddNorm backward", sum,
                place -> new AddNorm(place.layer).backward(place.dy, place.x)));
        all.add(new Operation("AddNorm backward in place", sum,
                place -> new AddNorm(place.layer).backward(place.dy, place.x, place.dy)));
        all.add(new Operation("AddNorm warmUp", nothing, place -> {
            new AddNorm(place.layer).warmUp(place.x.shape());
            return null;
        }));
        all.add(new Operation("NormAdd forward", nothing,
                place -> new NormAdd(place.layer).forward(place.x, place.dy)));
        all.add(new Operation("NormAdd forward into", nothing,
                place -> new NormAdd(place.layer).forward(place.x, place.dy, place.into)));
        all.add(new Operation("NormAdd warmUp", nothing, place -> {
            new NormAdd(place.layer).warmUp(place.x.shape());
            return null;
        }));
        return all;
    }

    /** What goes through the activation of a sum. */
    static List<Operation> throughSum() {
        Operation.Before forward = place -> new NormAdd(place.layer).forward(place.x, place.dy);
        return List.of(
                new Operation("NormAdd backward", forward,
                        place -> new NormAdd(place.layer).backward(place.dy, place.into)),
                new Operation("NormAdd backward, dx in the place of x", forward, place -> {
                    new NormAdd(place.layer).backward(place.dy, place.into, place.x);
                    return place.into;
                }));
    }

    /** A device whose calls may fail, and what must end with it. */
    static final class Site implements AutoCloseable {
        final OneFault faults = new OneFault();
        final Ledger ledger = new Ledger();
        final OpenClDevice device;
        private final Bare bare;

        /** By {@code cpu}, {@code gpu} or {@code plain}: kernels; {@code lent}: those, in a context of the caller's. */
        Site(String kind) {
            Setup setup = new Setup(faults, ledger, Map.of("POCL_SIGFPE_HANDLER", "0", "CLNORM_CACHE_DIR", ""));
            String kernels = kind.startsWith("gpu") ? "gpu" : kind.startsWith("cpu") ? "cpu" : "auto";
            String variant = kind.startsWith("plain") ? "plain" : "";
            bare = kind.endsWith("lent") ? new Bare(true) : null;
            device = bare == null ? TestDevices.open(setup, kernels, variant)
                    : new OpenClProvider(setup).wrap(bare.context, bare.device, bare.queue,
                            new DeviceRequest("opencl", kernels, variant, null));
        }

        /** A layer, on the device with gradients and moved statistics, and tensors, which a scope closes. */
        Place place(Supplier<NormLayer> maker) {
            NormLayer layer = maker.get().on(device);
            Place place = new Place(layer, tensor(1), tensor(2), tensor(3), maker.get().stateDict());
            boolean training = layer.isTraining();
            layer.train();
            layer.forward(place.x).close();
            layer.forward(place.x, place.into);
            layer.backwardParameters(place.dy);
            layer.train(training);
            return place;
        }

        /** Of the device, or in a buffer of the caller's between others, which kernels cannot take as it lies. */
        private Tensor tensor(int seed) {
            if (bare == null) {
                return device.tensor(values(seed), SHAPE);
            }
            return new Lent(bare, seed == 2 ? Lent.Way.PART : Lent.Way.CHANNEL_SLICE, DataType.F32, values(seed), SHAPE)
                    .on(device);
        }

        @Override
        public void close() {
            try {
                device.close();
            } finally {
                if (bare != null) {
                    bare.close();
                }
            }
        }
    }
}
