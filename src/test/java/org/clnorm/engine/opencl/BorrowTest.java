package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.clnorm.BatchNorm2d;
import org.clnorm.GroupNorm;
import org.clnorm.LayerNorm;
import org.clnorm.NormLayer;
import org.clnorm.engine.opencl.Lent.Way;
import org.clnorm.plan.Task;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_event;
import org.jocl.cl_mem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors in the caller's buffers, on the caller's queue. */
class BorrowTest {
    private static final long[] SHAPE = {3, 4, 3, 5};
    private static final int SIZE = 180;

    private final Ledger ledger = new Ledger();

    private static float[] normal(DataType type, int seed) {
        Random random = new Random(seed);
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = (float) type.round(random.nextGaussian());
        }
        return values;
    }

    private static NormLayer[] layers() {
        return new NormLayer[] {new BatchNorm2d(4), new GroupNorm(2, 4), new LayerNorm(3, 5),
            new BatchNorm2d(4).eval()};
    }

    private static Stream<Arguments> ways() {
        List<Arguments> all = new ArrayList<>();
        for (Way way : Way.values()) {
            for (DataType type : new DataType[] {DataType.F32, DataType.F16, DataType.BF16}) {
                all.add(Arguments.of(way, type, "cpu", way.ordinal() % 2 == 0));
                all.add(Arguments.of(way, type, "gpu", way.ordinal() % 2 != 0));
            }
        }
        return all.stream();
    }

    /** The same bits as with tensors of our own, near those of the CPU engine, and nothing else touched. */
    @ParameterizedTest
    @MethodSource("ways")
    void forwardAndBackward(Way way, DataType type, String kernels, boolean unordered) {
        float[] in = normal(type, 1);
        float[] gradient = normal(type, 2);
        try (Bare bare = new Bare(unordered)) {
            Lent x = new Lent(bare, way, type, in, SHAPE);
            Lent dy = new Lent(bare, way, type, gradient, SHAPE);
            Lent y = new Lent(bare, way, type, new float[SIZE], SHAPE);
            Lent dx = new Lent(bare, way, type, new float[SIZE], SHAPE);
            try (OpenClDevice device = bare.wrap(ledger, kernels); Device cpu = Device.cpu()) {
                for (int i = 0; i < layers().length; i++) {
                    NormLayer[] all = {layers()[i].on(device), layers()[i].on(device), layers()[i].on(cpu)};
                    try (Scope scope = device.scope(); Scope reference = cpu.scope();
                            NormLayer norm = all[0]; NormLayer own = all[1]; NormLayer exact = all[2]) {
                        assertSame(device, norm.device());
                        norm.forward(x.on(device), y.on(device));
                        norm.backward(dy.on(device), dx.on(device));
                        float[] ownY = own.forward(device.tensor(type, in, SHAPE)).read();
                        float[] ownDx = own.backward(device.tensor(type, gradient, SHAPE)).read();
                        assertArrayEquals(ownY, y.values(), norm + " y");
                        assertArrayEquals(ownDx, dx.values(), norm + " dx");
                        assertArrayEquals(in, x.values());
                        assertArrayEquals(gradient, dy.values());
                        assertArrayEquals(own.weight().grad().read(), norm.weight().grad().read());
                        assertArrayEquals(own.bias().grad().read(), norm.bias().grad().read());
                        double tolerance = type == DataType.F32 ? 1e-5 : type == DataType.F16 ? 4e-3 : 3e-2;
                        assertArrayEquals(exact.forward(cpu.tensor(type, in, SHAPE)).read(), y.values(),
                                (float) tolerance);
                        assertArrayEquals(exact.backward(cpu.tensor(type, gradient, SHAPE)).read(), dx.values(),
                                (float) tolerance);
                    }
                }
                assertEquals(0, device.liveTensors());
            }
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void theHostReadsAndWrites(Way way) {
        try (Bare bare = new Bare(way.ordinal() % 2 == 0);
                OpenClDevice device = bare.wrap(ledger, "auto"); Scope scope = device.scope()) {
            for (DataType type : new DataType[] {DataType.F32, DataType.BF16}) {
                float[] values = normal(type, 3);
                Lent lent = new Lent(bare, way, type, values, SHAPE);
                Tensor tensor = lent.on(device);
                assertArrayEquals(values, tensor.read());
                assertEquals(values[SIZE - 1], tensor.readDoubles()[SIZE - 1]);
                float[] others = normal(type, 4);
                tensor.write(others);
                assertArrayEquals(others, lent.values());
                double[] doubles = tensor.readDoubles();
                doubles[7] = 0.5;
                tensor.write(doubles);
                others[7] = 0.5f;
                assertArrayEquals(others, lent.values());
                tensor.storage().write(2, new float[] {1, 2, 3}, 1, 2);
                others[2] = 2;
                others[3] = 3;
                assertArrayEquals(others, lent.values());
                tensor.fill(-2);
                assertEquals(-2, lent.values()[SIZE / 2]);
                assertEquals(-2, lent.values()[0]);
                assertEquals(-2, tensor.read()[SIZE - 1]);
            }
        }
    }

    @Test
    void itSaysWhenItCopies() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto");
                Scope scope = device.scope(); GroupNorm norm = new GroupNorm(2, 4).on(device)) {
            for (Way way : Way.values()) {
                Tensor x = new Lent(bare, way, DataType.F32, new float[SIZE], SHAPE).on(device);
                String reason = norm.explain(x, Task.Pass.FORWARD).reason();
                boolean copies = way.ordinal() >= Way.UNALIGNED.ordinal();
                assertEquals(copies, reason.contains("x is copied to dense memory first"), reason);
                assertEquals(way == Way.UNALIGNED, reason.contains("CL_DEVICE_MEM_BASE_ADDR_ALIGN"), reason);
                assertEquals(copies && way != Way.UNALIGNED, reason.contains("strided"), reason);
                assertTrue(norm.explain(x, Task.Pass.BACKWARD).reason().contains("x is copied") == copies);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void buffersOfTheHostsMemory(int shift) {
        ByteBuffer memory = ByteBuffer.allocateDirect(4 * SIZE + 256).alignedSlice(64).position(shift).slice();
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto");
                Scope scope = device.scope(); LayerNorm norm = new LayerNorm(3, 5).on(device)) {
            int[] status = new int[1];
            cl_mem buffer = CL.clCreateBuffer(bare.context, CL.CL_MEM_USE_HOST_PTR, 4 * SIZE,
                    Pointer.toBuffer(memory), status);
            Bare.ok(status[0]);
            float[] in = normal(DataType.F32, 1);
            Tensor x = device.borrow(buffer, 0, DataType.F32, Shape.of(SHAPE)).write(in);
            assertEquals(shift != 0, norm.explain(x, Task.Pass.FORWARD).reason().contains("the host's memory"));
            assertArrayEquals(norm.forward(device.tensor(in, SHAPE)).read(), norm.forward(x).read());
            x.close();
            Bare.ok(CL.clReleaseMemObject(buffer));
        }
    }

    @Test
    void whatIsBorrowedSurvives() {
        try (Bare bare = new Bare(false)) {
            Lent x = new Lent(bare, Way.ALIGNED, DataType.F32, normal(DataType.F32, 1), SHAPE);
            Lent y = new Lent(bare, Way.CHANNEL_SLICE, DataType.F32, new float[SIZE], SHAPE);
            // a driver may note the last command on a queue, and on a buffer: those refer to the queue
            y.writeCanary();
            x.values();
            String references = bare.references();
            long ofX = Bare.number(x.memory(), CL.CL_MEM_REFERENCE_COUNT);
            OpenClDevice device = bare.wrap(ledger, "auto");
            LayerNorm norm = new LayerNorm(3, 5).on(device);
            long live = device.liveTensors();
            Tensor borrowed = x.on(device);
            Tensor again = x.on(device);
            Tensor output = y.on(device);
            assertEquals(live + 3, device.liveTensors());
            assertNotEquals(ofX, Bare.number(x.memory(), CL.CL_MEM_REFERENCE_COUNT), "held while it is borrowed");
            norm.forward(borrowed, output);
            float[] result = output.read();
            borrowed.close();
            borrowed.close();
            assertThrows(IllegalStateException.class, borrowed::read);
            assertEquals(SIZE, again.read().length);
            norm.backward(output);
            again.close();
            // some drivers hold what a kernel was given last, so that only the device's end lets go of it
            device.close();
            assertTrue(device.isClosed());
            assertEquals(0, ledger.live(), ledger.toString());
            output.close();
            norm.close();
            assertThrows(IllegalStateException.class, () -> x.on(device));
            x.values();
            assertEquals(references, bare.references());
            assertEquals(ofX, Bare.number(x.memory(), CL.CL_MEM_REFERENCE_COUNT));
            assertEquals(ofX, Bare.number(y.memory(), CL.CL_MEM_REFERENCE_COUNT));
            assertArrayEquals(result, y.values());
            try (OpenClDevice second = bare.wrap(ledger, "auto"); Tensor tensor = x.on(second)) {
                assertArrayEquals(normal(DataType.F32, 1), tensor.read());
            }
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void aPassHoldsWhatItsOwnerClosed() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto");
                LayerNorm norm = new LayerNorm(3, 5).on(device)) {
            int[] status = new int[1];
            cl_mem buffer = CL.clCreateBuffer(bare.context, CL.CL_MEM_READ_WRITE, 4 * SIZE, null, status);
            Bare.ok(status[0]);
            Tensor x = device.borrow(buffer, 0, DataType.F32, Shape.of(SHAPE)).write(normal(DataType.F32, 1));
            Tensor y = norm.forward(x);
            x.close();
            Bare.ok(CL.clReleaseMemObject(buffer));
            try (Tensor dx = norm.backward(y)) {
                assertTrue(Float.isFinite(dx.read()[0]));
            }
            y.close();
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void whatSharesMemoryIsKnown() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto");
                Scope scope = device.scope(); LayerNorm norm = new LayerNorm(5).on(device)) {
            Shape shape = Shape.of(2, 3, 5);
            Lent lent = new Lent(bare, Way.WHOLE, DataType.F32, new float[SIZE], SHAPE);
            Tensor x = device.borrow(lent.memory(), 0, DataType.F32, shape, 60, 5, 1).fill(1);
            Tensor beside = device.borrow(lent.memory(), 60, DataType.F32, shape, 60, 5, 1);
            Tensor half = device.borrow(lent.memory(), 40, DataType.F32, shape, 60, 5, 1);
            Tensor all = device.borrow(lent.memory(), 0, DataType.F32, Shape.of(SIZE));
            Tensor dy = device.zeros(2, 3, 5);
            norm.forward(x, beside);
            beside.fill(3);
            norm.backward(dy);
            String message = assertThrows(IllegalArgumentException.class, () -> norm.forward(x, half)).getMessage();
            assertTrue(message.contains("memory of its own"), message);
            Tensor same = device.borrow(lent.memory(), 0, DataType.F32, shape, 60, 5, 1);
            assertThrows(IllegalArgumentException.class, () -> norm.forward(x, same));
            norm.forward(x);
            all.fill(2);
            assertThrows(IllegalStateException.class, () -> norm.backward(dy));
            norm.forward(x);
            device.wrote(half);
            assertThrows(IllegalStateException.class, () -> norm.backward(dy));
            half.close();
            all.close();
            norm.forward(x);
            device.wrote(beside);
            norm.backward(dy);
            norm.forward(x);
            device.wrote(norm.weight().value());
            assertThrows(IllegalStateException.class, () -> norm.backward(dy));
        }
    }

    @Test
    void whereTensorsLie() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto");
                OpenClDevice other = bare.wrap(ledger, "auto"); Scope scope = device.scope();
                LayerNorm norm = new LayerNorm(5).on(device)) {
            Lent lent = new Lent(bare, Way.UNALIGNED, DataType.F32, new float[SIZE], SHAPE);
            Tensor borrowed = lent.on(device);
            assertEquals(lent.memory(), device.memory(borrowed));
            assertEquals(12, device.byteOffset(borrowed));
            Tensor weight = norm.weight().value();
            assertEquals(0, device.byteOffset(weight));
            // the caller's own update of the weight
            Bare.ok(CL.clEnqueueWriteBuffer(bare.queue, device.memory(weight), true, device.byteOffset(weight), 20,
                    Pointer.to(new float[] {1, 2, 3, 4, 5}), 0, null, null));
            device.wrote(weight);
            assertArrayEquals(new float[] {1, 2, 3, 4, 5}, weight.read());
            assertEquals(bare.queue, device.queue());
            assertEquals(bare.context, device.context());
            assertEquals(bare.device, device.id());
            assertThrows(IllegalArgumentException.class, () -> other.memory(borrowed));
            assertThrows(IllegalArgumentException.class, () -> other.byteOffset(weight));
            assertThrows(IllegalArgumentException.class, () -> other.wrote(weight));
            assertThrows(IllegalArgumentException.class, () -> device.memory(device.zeros(0, 3)));
            borrowed.close();
            assertThrows(IllegalStateException.class, () -> device.memory(borrowed));
            assertThrows(IllegalStateException.class, () -> device.wrote(borrowed));
            assertThrows(IllegalArgumentException.class, () -> norm.forward(other.zeros(2, 5)));
            other.zeros(1);
        }
    }

    @Test
    void emptyTensors() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto"); Scope scope = device.scope();
                LayerNorm norm = new LayerNorm(5).on(device)) {
            cl_mem buffer = bare.buffer(new byte[8], 0);
            Tensor x = device.borrow(buffer, 8, DataType.F32, Shape.of(0, 5));
            assertEquals(0, x.read().length);
            x.write(new float[0]).fill(1);
            assertEquals(0, norm.forward(x).size());
            assertThrows(IllegalArgumentException.class,
                    () -> device.borrow(buffer, 12, DataType.F32, Shape.of(0, 5)));
        }
    }

    private static void refused(String part, Runnable call) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto"); Scope scope = device.scope();
                OpenClDevice elsewhere = TestDevices.open(new Setup(FaultPlan.NONE, ledger, System.getenv()), "auto",
                        "")) {
            cl_mem buffer = bare.buffer(new byte[400], CL.CL_MEM_READ_WRITE);
            long held = Bare.number(buffer, CL.CL_MEM_REFERENCE_COUNT);
            Shape shape = Shape.of(4, 5);
            refused("at least 404 bytes", () -> device.borrow(buffer, 324, DataType.F32, shape));
            refused("at least 404 bytes", () -> device.borrow(buffer, 0, DataType.F32, shape, 32, 1));
            refused("multiple of the 4 bytes", () -> device.borrow(buffer, 2, DataType.F32, shape));
            refused("multiple of the 2 bytes", () -> device.borrow(buffer, 3, DataType.F16, shape));
            refused("0 or more bytes", () -> device.borrow(buffer, -4, DataType.F32, shape));
            refused(device.supports(DataType.F64) ? "multiple of the 8 bytes" : "supports, got F64",
                    () -> device.borrow(buffer, 4, DataType.F64, shape));
            refused("a stride a dimension", () -> device.borrow(buffer, 0, DataType.F32, shape, 1));
            refused("share a place", () -> device.borrow(buffer, 0, DataType.F32, shape, 0, 1));
            refused("share a place", () -> device.borrow(buffer, 0, DataType.F32, shape, 4, 1));
            refused("share a place", () -> device.borrow(buffer, 0, DataType.F32, shape, -5, 1));
            refused("share a place", () -> device.borrow(buffer, 0, DataType.F32, shape, 5, -1));
            refused("2^63", () -> device.borrow(buffer, 0, DataType.F32, shape, 1L << 61, 1));
            refused("2^63", () -> device.borrow(buffer, 0, DataType.F32, shape, Long.MAX_VALUE, 1));
            refused("at most 6 dimensions", () -> device.borrow(buffer, 0, DataType.F32,
                    Shape.of(2, 2, 2, 2, 2, 2, 2), 1458, 486, 162, 54, 18, 6, 2));
            refused("got one of another", () -> elsewhere.borrow(buffer, 0, DataType.F32, shape));
            assertThrows(NullPointerException.class, () -> device.borrow(null, 0, DataType.F32, shape));
            assertThrows(NullPointerException.class, () -> device.waitFor((cl_event) null));
            assertEquals(held, Bare.number(buffer, CL.CL_MEM_REFERENCE_COUNT));
            assertEquals(0, device.liveTensors());
            device.borrow(buffer, 320, DataType.F32, shape);
            // strides of dimensions of 1 do not matter
            assertFalse(device.borrow(buffer, 0, DataType.F32, Shape.of(1, 4, 1, 5), -7, 5, 0, 1).isClosed());
        }
        assertEquals(0, ledger.live(), ledger.toString());
    }

    @Test
    void readOnlyAndWriteOnlyMemory() {
        try (Bare bare = new Bare(false); OpenClDevice device = bare.wrap(ledger, "auto"); Scope scope = device.scope();
                LayerNorm norm = new LayerNorm(5).on(device)) {
            Shape shape = Shape.of(4, 5);
            Tensor in = device.borrow(bare.buffer(new byte[80], CL.CL_MEM_READ_ONLY), 0, DataType.F32, shape);
            Tensor out = device.borrow(bare.buffer(new byte[80], CL.CL_MEM_WRITE_ONLY), 0, DataType.F32, shape);
            refused("may write", () -> norm.forward(device.zeros(4, 5), in));
            refused("may read", () -> norm.forward(out));
            norm.forward(in, out);
            norm.backward(in);
            assertArrayEquals(new float[20], out.read());
        }
    }
}
