package org.clnorm.bench.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.clnorm.tensor.Device;
import org.clnorm.tensor.DeviceInfo;

/**
 * PyTorch on the hardware that a device of ours runs on: on an NVIDIA GPU with CUDA, as it comes and compiled; else on
 * the CPU, with as many threads as the device has compute units.
 */
public final class PyTorch {
    /** Names the Python to use, one that has PyTorch. */
    public static final String PYTHON_VARIABLE = "CLNORM_PYTHON";

    private static final String ALIGNED = "THP_MEM_ALLOC_ENABLE";
    private static final String PROGRAM = "pytorch_peer.py";

    private PyTorch() {
    }

    /**
     * Starts PyTorch beside a device.
     *
     * @param device the device to be compared
     * @return one peer, two on an NVIDIA GPU; each the caller's to close
     * @throws PeerException if there is no Python with PyTorch, or none that does CUDA where that is needed; says how
     *                       to get it
     */
    public static List<Peer> beside(Device device) {
        return beside(device, System.getenv());
    }

    static List<Peer> beside(Device device, Map<String, String> environment) {
        String python = environment.getOrDefault(PYTHON_VARIABLE, "");
        List<String> command = List.of(python.isEmpty() ? "python3" : python, "-u", "-c", program());
        List<Peer> peers = new ArrayList<>();
        try {
            for (List<String> way : ways(device)) {
                List<String> arguments = new ArrayList<>(command);
                arguments.addAll(way.subList(1, way.size()));
                peers.add(Peer.start(way.get(0), arguments, memory(environment)));
            }
            return peers;
        } catch (PeerException missing) {
            peers.forEach(Peer::close);
            throw new PeerException(missing.getMessage() + "; scripts/pytorch-setup gets PyTorch, or set "
                    + PYTHON_VARIABLE + " to a Python that can import torch", missing);
        }
    }

    /**
     * Its memory stays with it, as ours does: no pages are given back and fetched again between two calls. And large
     * blocks are aligned: without that the heap's pieces shift from call to call, and the same call takes 0.7 ms in one
     * process and 1.4 ms in another (PyTorch 2.13, layer_norm 4096x1024 forward); with it all standard workloads are as
     * fast as in the luckiest process without. Whoever wants it otherwise sets the variable.
     */
    private static Map<String, String> memory(Map<String, String> environment) {
        return Map.of("MALLOC_MMAP_MAX_", "0", "MALLOC_TRIM_THRESHOLD_", Long.toString(1L << 40),
                ALIGNED, environment.getOrDefault(ALIGNED, "1"));
    }

    /** Names and arguments. */
    private static List<List<String>> ways(Device device) {
        if (isNvidia(device)) {
            return List.of(List.of("pytorch", "--device", "cuda"),
                    List.of("pytorch-compiled", "--device", "cuda", "--compile"));
        }
        return List.of(List.of("pytorch", "--device", "cpu", "--threads", Integer.toString(threads(device))));
    }

    private static boolean isNvidia(Device device) {
        DeviceInfo info = device.service(DeviceInfo.class);
        return info.type().equals("gpu") && info.platform().toLowerCase(Locale.ROOT).contains("nvidia");
    }

    private static int threads(Device device) {
        DeviceInfo info = device.service(DeviceInfo.class);
        return info.type().equals("gpu") ? Runtime.getRuntime().availableProcessors() : info.computeUnits();
    }

    private static String program() {
        try (InputStream in = PyTorch.class.getResourceAsStream(PROGRAM)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
