package org.clnorm.bench.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.clnorm.conformance.Case;
import org.clnorm.state.StateDict;

/**
 * Another library, in a process of its own. It is given cases as files, gives back what it makes of them, and times
 * itself when it is its turn; in between it is idle. Belongs to one thread at a time.
 *
 * <p>The process reads requests from standard input and answers each with a line on standard output, words parted by
 * tabs. It begins with {@code ready VERSION}, or {@code cannot REASON} and ends.
 * <ul>
 * <li>{@code open CASE RESULTS}: runs the case in the first file, of the format norm-case-v1, writes what comes out to
 * the second as {@code clnorm run} does, and keeps the case for its turns. Answer: {@code ok}, or {@code refused
 * REASON} if the library does not do such a thing.</li>
 * <li>{@code turn}: warms up, then times the first step, forward and backward. Answer: {@code ok FORWARD BACKWARD}, in
 * nanoseconds, with two more by the device's clock where it has one. It answers once its threads have come to
 * rest.</li>
 * </ul>
 * It ends with its input.
 */
public final class Peer implements AutoCloseable {
    private final String name;
    private final Path folder;
    private final Conversation conversation;
    private final String version;

    private Peer(String name, Path folder, Conversation conversation, String version) {
        this.name = name;
        this.folder = folder;
        this.conversation = conversation;
        this.version = version;
    }

    /**
     * Starts a peer.
     *
     * @param name        what reports call it
     * @param command     the program and its arguments
     * @param environment what its environment has besides ours
     * @return the peer, ready
     * @throws PeerException if it cannot be started
     */
    public static Peer start(String name, List<String> command, Map<String, String> environment) {
        Path folder = temporary(name);
        Conversation conversation = null;
        try {
            conversation = Conversation.begin(name, command, environment, folder);
            String[] greeting = conversation.answer();
            if (!greeting[0].equals("ready") || greeting.length != 2) {
                throw new PeerException(name + " cannot be run: " + String.join(" ", skipFirst(greeting)));
            }
            return new Peer(name, folder, conversation, greeting[1]);
        } catch (RuntimeException failed) {
            if (conversation != null) {
                conversation.close();
            }
            delete(folder);
            throw failed;
        }
    }

    private static Path temporary(String name) {
        try {
            return Files.createTempDirectory("clnorm-" + name);
        } catch (IOException full) {
            throw new PeerException("no folder can be made for the files of " + name + ": " + full.getMessage(), full);
        }
    }

    private static String[] skipFirst(String[] words) {
        return Arrays.copyOfRange(words, 1, words.length);
    }

    /**
     * What reports call it.
     *
     * @return {@code pytorch}, say
     */
    public String name() {
        return name;
    }

    /**
     * Its version and where it runs.
     *
     * @return one line
     */
    public String version() {
        return version;
    }

    /**
     * Runs a case and keeps it for the turns to come.
     *
     * @param what the case
     * @return what came out of each step, under the names that {@link org.clnorm.conformance.CaseRunner#run} uses
     * @throws IllegalArgumentException if the library does not do such a thing
     * @throws PeerException            if the peer fails
     */
    public StateDict open(Case what) {
        Path file = folder.resolve("case.safetensors");
        Path results = folder.resolve("results.safetensors");
        try {
            what.save(file);
            String[] answer = conversation.ask("open", file.toString(), results.toString());
            if (answer[0].equals("refused")) {
                throw new IllegalArgumentException(String.join(" ", skipFirst(answer)));
            }
            if (!answer[0].equals("ok")) {
                throw conversation.misunderstood(answer);
            }
            return StateDict.load(results);
        } finally {
            remove(file);
            remove(results);
        }
    }

    /**
     * Its turn: the first step of the case that was opened last, warm.
     *
     * @return how long it took
     * @throws PeerException if the peer fails
     */
    public Turn turn() {
        String[] answer = conversation.ask("turn");
        if (!answer[0].equals("ok")) {
            throw conversation.misunderstood(answer);
        }
        try {
            return Turn.of(skipFirst(answer));
        } catch (NumberFormatException garbled) {
            throw conversation.misunderstood(answer);
        }
    }

    /** Where its files are while it runs. */
    Path folder() {
        return folder;
    }

    /** Ends the process. */
    @Override
    public void close() {
        conversation.close();
        delete(folder);
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException left) {
            // close() tries again
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(Peer::remove);
        } catch (IOException left) {
            // what is left in the system's folder for such files, the system removes
        }
    }
}
