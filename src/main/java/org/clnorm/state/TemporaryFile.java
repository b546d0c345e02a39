package org.clnorm.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file {@code .clnorm-*.tmp} that is written and then takes another's name, or goes. Its process locks it for as long
 * as it has that name, and the system gives the lock back when the process ends in whatever way: one that nobody has
 * locked is abandoned.
 */
final class TemporaryFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TemporaryFile.class);
    private static final int TRIES = 100;

    /**
     * Names of this process's own. Where a process opens and closes a file a second time, the system forgets that it
     * has locked it: these are never opened again.
     */
    private static final Set<String> OWN = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel channel;
    private final Set<PosixFilePermission> permissions;
    private boolean moved;

    private TemporaryFile(Path path, FileChannel channel, Set<PosixFilePermission> permissions) {
        this.path = path;
        this.channel = channel;
        this.permissions = permissions;
    }

    /** Makes an empty file; permissions may be null for those of any new file. */
    static TemporaryFile create(Path folder, Set<PosixFilePermission> permissions) throws IOException {
        for (int i = 0; i < TRIES; i++) {
            String name = String.format(".clnorm-%016x.tmp", ThreadLocalRandom.current().nextLong());
            OWN.add(name);
            TemporaryFile file = null;
            try {
                file = new TemporaryFile(folder.resolve(name), open(folder.resolve(name), permissions), permissions);
                if (file.lock()) {
                    return file;
                }
            } catch (Throwable failed) {
                OWN.remove(name);
                throw failed;
            }
            file.close();
        }
        throw new IOException("others remove the temporary file again and again");
    }

    private static FileChannel open(Path path, Set<PosixFilePermission> permissions) throws IOException {
        Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        // from the start, so that a private file's content is never open to others
        FileAttribute<?>[] attributes = permissions == null ? new FileAttribute<?>[0]
                : new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)};
        return FileChannel.open(path, options, attributes);
    }

    /** False where another process took the file for abandoned between its making and its locking. */
    private boolean lock() {
        try {
            return channel.tryLock() != null && Files.exists(path);
        } catch (IOException none) { // a file system without locks: nobody can take this one for abandoned either
            LOG.debug("{} cannot be locked: {}", path, Text.reason(none));
            return true;
        }
    }

    /** Where to write. */
    FileChannel channel() {
        return channel;
    }

    /** Forces all that was written to the disk. */
    void finish() throws IOException {
        if (permissions != null) {
            Files.setPosixFilePermissions(path, permissions); // what the umask took away
        }
        channel.force(true);
    }

    /** Gives it another's name, and takes that one's place. */
    void moveTo(Path target) throws IOException {
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        moved = true;
    }

    /** Removes it unless it has another name by now. */
    @Override
    public void close() throws IOException {
        try (channel) {
            if (!moved) {
                Files.deleteIfExists(path);
            }
        } finally {
            OWN.remove(path.getFileName().toString());
        }
    }

    /** Removes what processes that were killed have left in a folder. What cannot be removed stays. */
    static void removeAbandoned(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".clnorm-????????????????.tmp")) {
            for (Path file : files) {
                if (!OWN.contains(file.getFileName().toString())) {
                    removeUnlessLocked(file);
                }
            }
        } catch (IOException | RuntimeException e) { // saving may go well all the same
            LOG.debug("{} cannot be looked through for abandoned files: {}", folder, e.toString());
        }
    }

    private static void removeUnlessLocked(Path file) {
        if (!Files.isRegularFile(file)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            LOG.debug("{} stays: {}", file, Text.reason(e));
        }
    }
}
