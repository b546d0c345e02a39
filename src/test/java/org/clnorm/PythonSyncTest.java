package org.clnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.clnorm.state.StateDict;
import org.clnorm.sync.Collective;
import org.clnorm.tensor.DataType;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.Scope;
import org.clnorm.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The function behind PyTorch's SyncBatchNorm, over gloo, with the same parts; see sync.py. */
class PythonSyncTest {
    private static final int ROUNDS = 200;
    private static final int CHANNELS = 256;

    @TempDir
    Path folder;

    @Test
    void partsAreAsInPyTorch() throws Exception {
        String[] samples = {"3", "0", "4"};
        List<String> lines = PythonPeer.run("sync.py", Stream.concat(Stream.of(PythonPeer.argument(folder)),
                Stream.of(samples)).toArray(String[]::new));
        List<StateDict> theirs = Stream.of("rank0", "rank1", "rank2")
                .map(name -> StateDict.load(folder.resolve(name + ".safetensors"))).toList();
        List<double[]> micros;
        try (Device device = Device.cpu()) {
            micros = SyncRanks.each(samples.length, collective -> {
                step(device, collective, theirs.get(collective.rank()));
                return new double[] {micros(() -> collective.allGather(new double[1 + 2 * CHANNELS])),
                        micros(() -> collective.allReduce(new double[2 * CHANNELS]))};
            });
        }
        String last = lines.get(lines.size() - 1);
        assertTrue(last.startsWith("gloo "), lines.toString());
        System.out.println("microseconds for all-gather and all-reduce of " + CHANNELS + " channels, 3 ranks: " + last
                + ", threads " + Arrays.toString(micros.get(0)));
    }

    private static void step(Device device, Collective collective, StateDict theirs) {
        try (Scope scope = device.scope(); SyncBatchNorm norm = SyncBatchNorm.builder(5, collective)
                .dataType(DataType.F64).build().on(device)) {
            norm.weight().write(values(theirs, "weight"));
            norm.bias().write(values(theirs, "bias"));
            long[] dims = theirs.get("x").shape();
            Tensor y = norm.forward(device.tensor(values(theirs, "x"), dims));
            Tensor dx = norm.backward(device.tensor(values(theirs, "dy"), dims));
            near(theirs, "y", y);
            near(theirs, "dx", dx);
            near(theirs, "dweight", norm.weight().grad());
            near(theirs, "dbias", norm.bias().grad());
            near(theirs, "running_mean", norm.runningMean());
            near(theirs, "running_var", norm.runningVar());
        }
    }

    private static double[] values(StateDict dict, String key) {
        return dict.get(key).toDoubles();
    }

    private static void near(StateDict theirs, String key, Tensor ours) {
        assertArrayEquals(values(theirs, key), ours.readDoubles(), 1e-12, key);
    }

    private static double micros(Runnable exchange) {
        for (int i = 0; i < ROUNDS; i++) {
            exchange.run();
        }
        long start = System.nanoTime();
        for (int i = 0; i < ROUNDS; i++) {
            exchange.run();
        }
        return (System.nanoTime() - start) / 1e3 / ROUNDS;
    }
}
