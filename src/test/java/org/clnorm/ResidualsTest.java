package org.clnorm;

import static org.clnorm.Snapshot.assertRefused;
import static org.clnorm.Values.normal;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.clnorm.plan.Activation;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Which tensors passes with a residual take and which they refuse, when backward may be called, and what it needs. */
class ResidualsTest {
    private static final long[] SHAPE = {4, 6, 5};
    private static final String OWN = "with memory of its own";

    private static NormLayer rectified(Device device) {
        return GroupNorm.builder(2, 6).activation(Activation.RELU).build().on(device);
    }

    private static Tensor some(Device device, long seed) {
        return normal(device, seed, SHAPE);
    }

    @OnEveryDevice
    void theSumMayTakeThePlaceOfWhatIsAdded(Device device, DataType type) {
        try (GroupNorm norm = new GroupNorm(2, 6).on(device)) {
            AddNorm add = new AddNorm(norm);
            Tensor dy = normal(device, type, 3, SHAPE);
            Tensor dsum = normal(device, type, 4, SHAPE);
            Tensor apart = device.zeros(type, SHAPE);
            float[] y = add.forward(normal(device, type, 1, SHAPE), normal(device, type, 2, SHAPE), apart).read();
            float[] dx = add.backward(dy, dsum).read();
            for (boolean first : new boolean[] {true, false}) {
                Tensor x = normal(device, type, 1, SHAPE);
                Tensor residual = normal(device, type, 2, SHAPE);
                Tensor sum = first ? x : residual;
                assertArrayEquals(y, add.forward(x, residual, sum).read());
                assertArrayEquals(apart.read(), sum.read());
                assertArrayEquals(dx, add.backward(dy, dsum).read());
            }
        }
    }

    @OnEveryDevice
    void tensorsThatDoNotFit(Device device) {
        try (NormLayer norm = rectified(device); Device another = Device.cpu()) {
            AddNorm before = new AddNorm(norm);
            NormAdd after = new NormAdd(norm);
            Tensor x = some(device, 1);
            Tensor good = some(device, 2);
            Tensor sum = some(device, 3);
            Tensor wide = device.zeros(4, 6, 6);
            Tensor half = device.zeros(DataType.F16, SHAPE);
            Tensor there = some(another, 1);
            assertRefused(norm, "expected residual of shape", () -> before.forward(x, wide, sum));
            assertRefused(norm, "expected residual of type F32", () -> after.forward(x, half));
            assertRefused(norm, "expected residual on the device", () -> after.forward(x, there));
            assertRefused(norm, "expected sum of shape", () -> before.forward(x, good, wide));
            assertRefused(norm, "expected sum of type F32", () -> before.forward(x, good, half));
            assertRefused(norm, "expected into of shape", () -> before.forward(x, good, sum, wide));
            assertRefused(norm, NullPointerException.class, "residual", () -> after.forward(x, null));
            assertRefused(norm, NullPointerException.class, "sum", () -> before.forward(x, good, null));
            assertRefused(norm, NullPointerException.class, "into", () -> after.forward(x, good, null));
            before.forward(x, good, sum);
            assertRefused(norm, "expected dsum of shape", () -> before.backward(x, wide));
            assertRefused(norm, "expected dsum on the device", () -> before.backward(x, there));
            assertRefused(norm, NullPointerException.class, "dsum", () -> before.backward(x, null));
            assertRefused(norm, NullPointerException.class, "into", () -> before.backward(x, good, null));
            before.backward(x, good);
            after.forward(x, good);
            assertRefused(norm, "expected dresidual of shape", () -> after.backward(x, wide));
            assertRefused(norm, "expected dresidual of type F32", () -> after.backward(x, half));
            assertRefused(norm, NullPointerException.class, "dresidual", () -> after.backward(x, null));
            good.close();
            assertRefused(norm, IllegalStateException.class, "open tensor", () -> after.forward(x, good));
            assertRefused(norm, IllegalStateException.class, "open tensor", () -> after.backward(x, good));
            after.backward(x, sum);
        }
    }

    @OnEveryDevice
    void nothingThatIsReadIsOverwritten(Device device) {
        try (LayerNorm norm = LayerNorm.builder(SHAPE).activation(Activation.RELU).build().on(device)) {
            AddNorm before = new AddNorm(norm);
            NormAdd after = new NormAdd(norm);
            Tensor x = some(device, 1);
            Tensor residual = some(device, 2);
            Tensor sum = some(device, 3);
            Tensor weight = norm.weight().value();
            assertRefused(norm, OWN, () -> before.forward(x, residual, weight));
            assertRefused(norm, OWN, () -> before.forward(x, residual, norm.bias().value()));
            for (Tensor read : new Tensor[] {x, residual, sum, weight}) {
                assertRefused(norm, OWN, () -> before.forward(x, residual, sum, read));
            }
            for (Tensor read : new Tensor[] {x, residual, weight}) {
                assertRefused(norm, OWN, () -> after.forward(x, residual, read));
            }
            Tensor dy = some(device, 4);
            Tensor other = some(device, 5);
            before.forward(x, residual, sum);
            before.backward(dy, other); // from here on there are gradients
            before.forward(x, residual, sum);
            assertRefused(norm, OWN, () -> before.backward(dy, other, other));
            assertRefused(norm, OWN, () -> before.backward(dy, other, weight));
            assertRefused(norm, OWN, () -> before.backward(dy, norm.weight().grad()));
            assertRefused(norm, OWN, () -> before.backward(dy, other, norm.bias().grad()));
            before.backward(dy, other);
            after.forward(x, residual);
            for (Tensor read : new Tensor[] {dy, x, weight, norm.weight().grad()}) {
                assertRefused(norm, OWN, () -> after.backward(dy, read));
            }
            assertRefused(norm, OWN, () -> after.backward(dy, other, other));
            after.backward(dy, other);
        }
    }

    @OnEveryDevice
    void backwardThroughTheActivationOfASum(Device device) {
        try (NormLayer norm = rectified(device); NormLayer bare = new GroupNorm(2, 6).on(device)) {
            Tensor x = some(device, 1);
            Tensor residual = some(device, 2);
            Tensor dy = some(device, 3);
            Tensor other = some(device, 4);
            NormAdd after = new NormAdd(norm);
            after.forward(x, residual);
            String without = "got backward without dresidual";
            assertRefused(norm, IllegalStateException.class, without, () -> norm.backward(dy));
            assertRefused(norm, IllegalStateException.class, without, () -> norm.backward(dy, other));
            assertRefused(norm, IllegalStateException.class, without, () -> norm.backwardParameters(dy));
            assertRefused(norm, IllegalStateException.class, without, () -> new AddNorm(norm).backward(dy, other));
            after.backward(dy, other);
            assertRefused(norm, IllegalStateException.class, "expected a forward pass",
                    () -> after.backward(dy, other));
            String needed = "expected a forward pass of NormAdd with an activation";
            norm.forward(x);
            assertRefused(norm, IllegalStateException.class, needed, () -> after.backward(dy, other));
            norm.backward(dy);
            NormAdd plain = new NormAdd(bare);
            plain.forward(x, residual);
            assertRefused(bare, IllegalStateException.class, needed, () -> plain.backward(dy, other));
            bare.backward(dy);
        }
    }

    /** A bit an element is all that is kept of the sum. */
    @OnEveryDevice
    void neitherTheResidualNorTheResultIsNeeded(Device device) {
        try (NormLayer norm = rectified(device)) {
            NormAdd after = new NormAdd(norm);
            Tensor x = some(device, 1);
            Tensor dy = some(device, 3);
            Tensor expected = device.zeros(SHAPE);
            after.forward(x, some(device, 2));
            float[] dx = after.backward(dy, expected).read();
            Tensor residual = some(device, 2);
            Tensor y = after.forward(x, residual);
            residual.close();
            y.fill(-1);
            Tensor dresidual = device.zeros(SHAPE);
            assertArrayEquals(dx, after.backward(dy, dresidual).read());
            assertArrayEquals(expected.read(), dresidual.read());
            float[] gradient = dy.read();
            for (int i = 0; i < gradient.length; i++) {
                float got = dresidual.read()[i];
                assertTrue(got == 0 || got == gradient[i], i + ": " + got + " of " + gradient[i]);
            }
        }
    }

    @OnEveryDevice
    void whatBackwardNeedsMustNotBeWritten(Device device) {
        try (NormLayer norm = rectified(device); NormLayer bare = new GroupNorm(2, 6).on(device)) {
            Tensor x = some(device, 1);
            Tensor sum = some(device, 2);
            Tensor dy = some(device, 3);
            AddNorm before = new AddNorm(norm);
            before.forward(x, dy, sum);
            x.fill(7); // the sum is what is needed
            norm.bias().write(1, 2, 3, 4, 5, 6);
            assertRefused(norm, IllegalStateException.class, "expected bias as it was in the forward pass",
                    () -> before.backward(dy, x));
            before.forward(x, dy, sum);
            sum.fill(1);
            assertRefused(norm, IllegalStateException.class, "as it was in the forward pass",
                    () -> before.backward(dy, x));
            AddNorm plain = new AddNorm(bare);
            plain.forward(x, dy, sum);
            bare.bias().write(1, 2, 3, 4, 5, 6); // without an activation nobody reads it
            plain.backward(dy, x);
            NormAdd after = new NormAdd(norm);
            after.forward(x, dy);
            norm.bias().write(0, 0, 0, 0, 0, 0); // nor where bits tell the derivative
            after.backward(dy, sum);
        }
    }

    /** Without dsum the layer's own backward pass does: nothing else has reached the sum. */
    @OnEveryDevice
    void nothingElseMayHaveReachedTheSum(Device device) {
        try (NormLayer norm = rectified(device)) {
            Tensor x = some(device, 1);
            Tensor residual = some(device, 2);
            Tensor sum = some(device, 3);
            Tensor dy = some(device, 4);
            AddNorm before = new AddNorm(norm);
            before.forward(x, residual, sum);
            float[] dx = before.backward(dy, device.zeros(SHAPE)).read();
            before.forward(x, residual, sum);
            assertArrayEquals(dx, norm.backward(dy).read());
        }
    }

    @OnEveryDevice
    void inputsWithoutElements(Device device) {
        try (NormLayer norm = rectified(device)) {
            Tensor[] none = new Tensor[4];
            for (int i = 0; i < none.length; i++) {
                none[i] = device.zeros(0, 6, 5);
            }
            assertEquals(0, new AddNorm(norm).forward(none[0], none[1], none[2]).size());
            assertEquals(0, new AddNorm(norm).backward(none[0], none[1]).size());
            assertEquals(0, new NormAdd(norm).forward(none[0], none[1]).size());
            assertEquals(0, new NormAdd(norm).backward(none[2], none[3]).size());
            assertArrayEquals(new float[6], norm.weight().grad().read());
        }
    }

    @OnEveryDevice
    void layersThatAreClosedOrOnNoDevice(Device device) {
        Tensor x = some(device, 1);
        NormLayer nowhere = GroupNorm.builder(2, 6).activation(Activation.RELU).build();
        AddNorm before = new AddNorm(nowhere);
        NormAdd after = new NormAdd(nowhere);
        for (String message : new String[] {"expected a layer on a device", "expected an open layer"}) {
            for (Runnable call : new Runnable[] {() -> before.forward(x, x, some(device, 2)),
                () -> after.forward(x, x), () -> before.warmUp(x.shape()), () -> after.warmUp(x.shape())}) {
                String got = assertThrows(IllegalStateException.class, call::run).getMessage();
                assertTrue(got.contains(message), got);
            }
            nowhere.close();
        }
    }

    @Test
    void onlyRectifiersGoBehindASum() {
        assertThrows(NullPointerException.class, () -> new AddNorm(null));
        assertThrows(NullPointerException.class, () -> new NormAdd(null));
        for (Activation other : new Activation[] {Activation.SILU, Activation.GELU, Activation.leakyRelu(0.1)}) {
            try (NormLayer layer = LayerNorm.builder(5).activation(other).build()) {
                String message = assertThrows(IllegalArgumentException.class, () -> new NormAdd(layer)).getMessage();
                assertTrue(message.contains("without activation or with relu, got LayerNorm((5,)"), message);
            }
        }
    }

    @OnEveryDevice
    void weightsFromOne(Device device) {
        try (RMSNorm from0 = new RMSNorm(5).on(device);
                RMSNorm from1 = RMSNorm.builder(5).zeroCentered(true).build().on(device)) {
            Tensor x = some(device, 1);
            Tensor dy = some(device, 2);
            assertArrayEquals(new float[5], from1.weight().value().read());
            assertArrayEquals(from0.forward(x).read(), from1.forward(x).read());
            assertArrayEquals(from0.backward(dy).read(), from1.backward(dy).read());
            assertArrayEquals(from0.weight().grad().read(), from1.weight().grad().read());
            assertFalse(from1.toString().equals(from0.toString()), from1.toString());
            assertThrows(IllegalArgumentException.class, () -> RMSNorm.builder(5).bias(true));
        }
    }
}
