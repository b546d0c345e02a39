package org.clnorm.soak;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.clnorm.NormLayer;
import org.clnorm.conformance.Venue;
import org.clnorm.engine.opencl.Site;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceException;
import org.clnorm.tensor.Shape;
import org.clnorm.tensor.Tensor;

/**
 * Makes calls on a device of which some fail: the failure is reported by name, has changed nothing, and the second try
 * succeeds; or the device says of itself that it has failed.
 */
final class Attempts implements Venue {
    /** One call of so many has a failure in it. */
    private static final int ONE_OF = 10;

    private final Site site;
    private final Path file;
    private final Tally tally;
    private final Random random;

    /** The device ended with a failure, as it should. */
    static final class Lost extends RuntimeException {
        private static final long serialVersionUID = 1;

        Lost(DeviceException cause) {
            super(cause);
        }
    }

    /** What a failure must leave alone. */
    private record Seen(StateDict state, Map<String, List<Double>> gradients) {
        static Seen of(NormLayer layer) {
            if (layer == null) {
                return null;
            }
            Map<String, List<Double>> gradients = new TreeMap<>();
            layer.parameters().forEach((name, parameter) -> {
                if (parameter.hasGrad()) {
                    gradients.put(name, Arrays.stream(parameter.grad().readDoubles()).boxed().toList());
                }
            });
            return new Seen(layer.stateDict(), gradients);
        }
    }

    Attempts(Site site, Path file, Tally tally, Random random) {
        this.site = site;
        this.file = file;
        this.tally = tally;
        this.random = random;
    }

    @Override
    public Device device() {
        return site.device();
    }

    @Override
    public Tensor empty(DataType type, Shape shape) {
        return site.empty(type, shape, random);
    }

    @Override
    public Path file() {
        return file;
    }

    @Override
    public <T> T attempt(NormLayer layer, Supplier<T> call) {
        if (random.nextInt(ONE_OF) > 0) {
            return call.get();
        }
        Seen before = Seen.of(layer);
        long open = site.device().liveTensors();
        T made = null;
        DeviceException failure = null;
        site.arm(random);
        try {
            made = call.get();
        } catch (DeviceException expected) {
            failure = expected;
        } finally {
            site.disarm();
        }
        String hit = site.disarm();
        tally.faults.add(hit.isEmpty() ? 0 : 1);
        if (failure == null) {
            tally.survived.add(hit.isEmpty() ? 0 : 1);
            return made;
        }
        check("the failure of " + hit + " with " + site.code() + " to be reported", failure.toString(),
                failure.call().equals(hit) && failure.status() == site.code()
                        && failure.device().equals(site.device().name()));
        if (!site.isSound()) {
            checkLost(layer, failure);
            throw new Lost(failure);
        }
        if (site.isOwn()) {
            check("no tensor to be left open by a failure of " + hit, site.device().liveTensors() - open + " more",
                    site.device().liveTensors() == open);
        }
        Seen after = Seen.of(layer);
        check("nothing to be changed by a failure of " + hit + " in " + layer, before + " and then " + after,
                layer == null || before.equals(after));
        return call.get();
    }

    private static void checkLost(NormLayer layer, DeviceException failure) {
        if (layer == null || layer.parameters().isEmpty()) {
            return;
        }
        try {
            layer.stateDict();
        } catch (DeviceException expected) {
            return;
        }
        throw new IllegalStateException("expected a failed device to say so, got a state after " + failure);
    }

    private static void check(String expected, String got, boolean right) {
        if (!right) {
            throw new IllegalStateException("expected " + expected + ", got " + got);
        }
    }
}
