package org.clnorm.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.clnorm.OnEveryDevice;
import org.clnorm.bench.peer.Peer;
import org.clnorm.bench.peer.PyTorch;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;

/**
 * The contract on values that are hard to normalize in float: nearly all digits in the offset, squares beyond float's
 * range, denormals, groups without a deviation, one element that dwarfs the others. And eps is not 0, so that nothing
 * may come out as NaN or infinite that has a place among floats.
 */
class HardDataTest {
    /** Of 800, and three with large groups. */
    private static final int CASES = Integer.getInteger("clnorm.hard", 24);

    @OnEveryDevice
    void theContractHolds(Device device) {
        CheckReport report = new CheckReport();
        Errors errors = new Errors();
        try (ReferenceCheck check = new ReferenceCheck()) {
            List<HardWorkloads.Hard> hard = HardWorkloads.some(CASES, check.keepsDenormals(device));
            List<Peer> peers = peers(device);
            try {
                for (HardWorkloads.Hard one : hard) {
                    Case what = Case.of(one.workload());
                    List<Verdict> verdicts = check.verdicts(what, device);
                    report.add(one.workload(), "tested", verdicts);
                    errors.add(one.kind(), 0, verdicts);
                    peers.forEach(peer -> errors.add(one.kind(), 1, check.verdicts(what, peer::open, 0)));
                }
            } finally {
                peers.forEach(Peer::close);
            }
            if (!peers.isEmpty()) {
                System.out.print(errors.table(device.service(DeviceInfo.class)));
            }
            assertEquals(List.of(), report.failures());
            assertEquals(hard.size(), report.cases());
        }
    }

    /** PyTorch, where somebody names a Python that has it. */
    private static List<Peer> peers(Device device) {
        boolean named = !System.getenv().getOrDefault(PyTorch.PYTHON_VARIABLE, "").isEmpty();
        return named ? PyTorch.beside(device).subList(0, 1) : List.of();
    }

    /** The worst error of y, relative to its scale, of each kind of values: ours and PyTorch's. */
    private static final class Errors {
        private final Map<String, double[]> worst = new TreeMap<>(Comparator.naturalOrder());

        void add(String kind, int whose, List<Verdict> verdicts) {
            double[] both = worst.computeIfAbsent(kind, key -> new double[2]);
            verdicts.stream().filter(verdict -> verdict.tensor().equals("y"))
                    .forEach(verdict -> both[whose] = Math.max(both[whose], verdict.error()));
        }

        String table(DeviceInfo device) {
            StringBuilder table = new StringBuilder(String.format(Locale.ROOT, "%-40s %9s %9s   y on %s%n", "values",
                    "CLNorm", "PyTorch", device.name()));
            worst.forEach((kind, both) -> table
                    .append(String.format(Locale.ROOT, "%-40s %9.1e %9.1e%n", kind, both[0], both[1])));
            return table.toString();
        }
    }
}
