package org.clnorm.engine.opencl;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.DeviceRequest;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * A device whose calls fail when a thread asks for it, and what must be released when it ends. By its kind it has the
 * kernels {@code cpu} or {@code gpu} or the variant {@code plain}; is {@code shared} by threads, so that no call fails
 * that would end it; or is {@code lent} the context and the queue of another device, and its tensors lie in buffers of
 * that one, with something around and between their elements that must stay.
 */
public final class Site implements AutoCloseable {
    /** Where the wait fails, or what tells of failed commands, nobody knows what was done: it failed for all. */
    private static final Set<String> LETHAL = Set.of("clFinish", "clWaitForEvents");
    /** So rarely is a device lost, of the times that one of its calls is made to fail: opening one takes time. */
    private static final int LOST_OF = 50;
    private static final int CANARY = 77;
    private static final int ROOM = 64;

    private final String kind;
    private final Ledger ledger = new Ledger();
    private final ThreadFaults faults = new ThreadFaults();
    private final OpenClDevice device;
    private final OpenClDevice lender;
    private final List<Loan> loans = new ArrayList<>();
    private boolean lasting;

    /** A tensor of the lender's, and which of its elements were lent. */
    private record Loan(Tensor memory, boolean[] lent) {
    }

    /**
     * Opens a device, without failures.
     *
     * @param selector as in a {@link DeviceRequest}
     * @param kind     {@code cpu}, {@code gpu} or {@code plain}, perhaps followed by {@code -shared} or {@code -lent}
     */
    public Site(String selector, String kind) {
        this(selector, kind, null);
    }

    /** With a failure on the way, which is thrown after all has been released, if a random number says so. */
    public Site(String selector, String kind, Random failing) {
        this.kind = kind;
        String kernels = kind.startsWith("plain") ? "auto" : kind.substring(0, 3);
        DeviceRequest request = new DeviceRequest(selector, kernels, kind.startsWith("plain") ? "plain" : "", null);
        Setup setup = new Setup(faults, ledger, System.getenv());
        lender = kind.endsWith("-lent")
                ? (OpenClDevice) new OpenClProvider(new Setup(FaultPlan.NONE, ledger, System.getenv())).open(request)
                : null;
        if (failing != null) {
            arm(failing);
        }
        try {
            device = lender == null ? (OpenClDevice) new OpenClProvider(setup).open(request)
                    : new OpenClProvider(setup).wrap(lender.context(), lender.id(), lender.queue(),
                            new DeviceRequest("opencl", request.kernels(), request.variant(), null));
        } catch (DeviceException failed) {
            if (lender != null) {
                lender.close();
            }
            checkReleased();
            throw failed;
        } finally {
            faults.own().disarm();
        }
    }

    /** What it was opened as. */
    public String kind() {
        return kind;
    }

    /** Whether only one thread uses it. */
    public boolean isOwn() {
        return !kind.endsWith("-shared");
    }

    /** The device whose calls fail. */
    public OpenClDevice device() {
        return device;
    }

    /** From now on no call fails that would end it. */
    public void last() {
        lasting = true;
    }

    /** Lets one of this thread's next calls fail; rarely, and where nobody else is harmed, so that the device ends. */
    public void arm(Random random) {
        int lethal = isOwn() && !lasting ? random.nextInt(LOST_OF) : LOST_OF;
        faults.spare(lethal > 1 ? LETHAL : Set.of());
        faults.own().arm(random.nextInt(1 << random.nextInt(7)),
                OneFault.CODES[random.nextInt(OneFault.CODES.length)], lethal == 1);
    }

    /** Lets all calls happen again; gives the first that failed, empty if none did. */
    public String disarm() {
        faults.own().disarm();
        return faults.own().hit();
    }

    /** The status that this thread's calls were told to fail with. */
    public int code() {
        return faults.own().code();
    }

    /** Whether the device is to be used on; waits for its work. */
    public boolean isSound() {
        try {
            device.finish();
            return true;
        } catch (DeviceException failed) {
            if (!failed.getMessage().contains("failed before")) {
                throw failed;
            }
            return false;
        }
    }

    /** How many OpenCL objects it has made and not released. */
    public long liveObjects() {
        return ledger.live();
    }

    /** The bytes of its buffers. */
    public long bytes() {
        return device.poolBytes() + (lender == null ? 0 : lender.poolBytes());
    }

    /** A tensor with undefined contents, of the current scope: the device's own, or lent in one way or another. */
    public Tensor empty(DataType type, Shape shape, Random random) {
        return lender == null || shape.size() == 0 || random.nextInt(4) == 0 ? device.empty(type, shape)
                : lent(type, shape, random);
    }

    private Tensor lent(DataType type, Shape shape, Random random) {
        long[] strides = strides(shape);
        boolean gaps = shape.rank() > 1 && random.nextInt(3) == 0;
        if (gaps) {
            strides[0] += 5;
        }
        int first = switch (random.nextInt(3)) {
            case 0 -> 0;
            case 1 -> 3;
            default -> 4096 / type.bytes();
        };
        int span = Math.toIntExact(gaps ? shape.dim(0) * strides[0] : shape.size());
        Tensor memory = lender.unscoped(type, Shape.of(first + span + ROOM)).fill(CANARY);
        boolean[] own = new boolean[first + span + ROOM];
        int run = Math.toIntExact(gaps ? shape.size() / shape.dim(0) : span);
        for (int begin = first; begin < first + span; begin += gaps ? Math.toIntExact(strides[0]) : span) {
            Arrays.fill(own, begin, begin + run, true);
        }
        loans.add(new Loan(memory, own));
        long offset = lender.byteOffset(memory) + (long) first * type.bytes();
        return gaps ? device.borrow(lender.memory(memory), offset, type, shape, strides)
                : device.borrow(lender.memory(memory), offset, type, shape);
    }

    private static long[] strides(Shape shape) {
        long[] strides = new long[shape.rank()];
        long stride = 1;
        for (int i = strides.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= shape.dim(i);
        }
        return strides;
    }

    /** Takes back what was lent, by now closed: nothing beside it was written. */
    public void settle() {
        for (Loan loan : loans) {
            float[] values = loan.memory().read();
            for (int i = 0; i < values.length; i++) {
                if (!loan.lent()[i] && values[i] != CANARY) {
                    throw new IllegalStateException("expected " + CANARY + " beside what was lent, got " + values[i]
                            + " at " + i + " of " + values.length);
                }
            }
            loan.memory().close();
        }
        loans.clear();
    }

    /** Open tensors that nobody should have kept, on a device that only one thread uses. */
    public Map<String, Long> openTensors() {
        Map<String, Long> open = new TreeMap<>();
        open.put("device", device.liveTensors());
        open.put("lender", lender == null ? 0 : lender.liveTensors());
        return open;
    }

    /** Closes it while a call may fail; that is thrown after all has been released. */
    public void close(Random failing) {
        arm(failing);
        try {
            close();
        } finally {
            faults.own().disarm();
        }
    }

    @Override
    public void close() {
        try {
            device.close();
        } finally {
            if (lender != null) {
                lender.close();
            }
            checkReleased();
        }
    }

    private void checkReleased() {
        if (ledger.live() != 0) {
            throw new IllegalStateException(
                    "expected all OpenCL objects of " + kind + " to be released, got " + ledger);
        }
    }
}
