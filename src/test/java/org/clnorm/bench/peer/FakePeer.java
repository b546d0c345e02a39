package org.clnorm.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.CaseRunner;
import org.clnorm.state.HostTensor;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;

/** A peer that needs no other library: computes on the Java engine, and takes the times that it is told. */
public final class FakePeer {
    /** Its forward passes take 3, 1 and 2 milliseconds, over and over; its backward passes twice as long. */
    private static final long[] MILLIS = {3, 1, 2};
    private static final long NANOS = 1_000_000;

    private FakePeer() {
    }

    /**
     * Starts one.
     *
     * @param manner {@code honest}, or what goes wrong, see below
     */
    public static Peer start(String manner) {
        return Peer.start("fake", List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", classPath(), FakePeer.class.getName(), manner),
                Map.of("FAKE_VERSION", "fake 1.0"));
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** The process. */
    public static void main(String... args) throws IOException {
        String manner = args[0];
        answer(manner.equals("cannot") ? "cannot\tno fakes today" : "ready\t" + System.getenv("FAKE_VERSION"));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int turns = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] request = line.split("\t");
            if (request[0].equals("open")) {
                open(manner, Path.of(request[1]), Path.of(request[2]));
            } else {
                turn(manner, MILLIS[turns++ % MILLIS.length] * NANOS);
            }
        }
    }

    private static void open(String manner, Path file, Path results) {
        if (manner.equals("refuses")) {
            answer("refused\tno such layout");
            return;
        }
        try (Device cpu = Device.cpu()) {
            StateDict right = CaseRunner.run(Case.load(file), cpu);
            (manner.equals("wrong") ? off(right) : right).save(results);
        }
        answer("ok");
    }

    private static StateDict off(StateDict right) {
        float[] y = right.floats("0.y");
        y[1] += 0.5f;
        return right.put("0.y", HostTensor.ofFloats(y, right.get("0.y").shape()));
    }

    private static void turn(String manner, long nanos) {
        switch (manner) {
            case "dies" -> throw new IllegalStateException("out of luck");
            case "babbles" -> answer("hello");
            case "device" -> answer(String.join("\t", "ok", "" + nanos, "" + 2 * nanos, "" + nanos / 2, "" + nanos));
            default -> answer(String.join("\t", "ok", "" + nanos, "" + 2 * nanos));
        }
    }

    private static void answer(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
