package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.clnorm.BatchNorm2d;
import org.clnorm.GroupNorm;
import org.clnorm.NormLayer;
import org.clnorm.engine.opencl.Lent.Way;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** In place, from x alone and without a backward pass in the caller's buffers, however tensors lie there. */
class BorrowInPlaceTest {
    private static final long[] SHAPE = {3, 4, 3, 5};
    private static final int SIZE = 180;

    private final Ledger ledger = new Ledger();

    private static float[] normal(int seed) {
        Random random = new Random(seed);
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = (float) DataType.BF16.round(random.nextGaussian());
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void theSameBits(Way way) {
        for (DataType type : new DataType[] {DataType.F32, DataType.BF16}) {
            try (Bare bare = new Bare(way.ordinal() % 2 == 0); OpenClDevice device = bare.wrap(ledger, "cpu")) {
                NormLayer[] layers = {new BatchNorm2d(4), new BatchNorm2d(4).eval(), new GroupNorm(2, 4)};
                for (NormLayer layer : layers) {
                    try (NormLayer norm = layer.on(device); Scope scope = device.scope()) {
                        check(bare, device, norm, way, type);
                    }
                }
            }
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    private static void check(Bare bare, OpenClDevice device, NormLayer norm, Way way, DataType type) {
        float[] y = norm.forward(device.tensor(type, normal(1), SHAPE)).read();
        float[] dx = norm.backward(device.tensor(type, normal(2), SHAPE)).read();
        float[] dweight = norm.weight().grad().read();
        for (int i = 0; i < 4; i++) {
            Lent lentX = new Lent(bare, way, type, normal(1), SHAPE);
            Lent lentDy = new Lent(bare, way, type, normal(2), SHAPE);
            Tensor x = lentX.on(device);
            Tensor dy = lentDy.on(device);
            boolean overX = i % 2 == 0;
            if (i < 2) {
                norm.forward(x);
                norm.backward(dy, overX ? x : dy);
            } else {
                norm.backwardFrom(x, dy, overX ? x : dy);
            }
            String what = norm + ", " + i;
            assertArrayEquals(dx, (overX ? lentX : lentDy).values(), what);
            assertArrayEquals(normal(overX ? 2 : 1), (overX ? lentDy : lentX).values(), what);
            assertArrayEquals(dweight, norm.weight().grad().read(), what);
        }
        Lent lent = new Lent(bare, way, type, normal(1), SHAPE);
        Tensor x = lent.on(device);
        norm.forwardNoGrad(x, x);
        assertArrayEquals(y, lent.values(), norm.toString());
    }
}
