package org.clnorm.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces a file as a whole: the new content goes to a temporary file beside it, is forced to the disk and then
 * takes the old one's name. Whoever looks, at any moment and after any failure, finds the old file or the new one. A
 * process that is killed may leave the temporary file; the next one that saves to the folder removes it, see
 * {@link TemporaryFile}.
 */
final class AtomicFile {
    private static final Logger LOG = LoggerFactory.getLogger(AtomicFile.class);
    private static final int MAX_LINKS = 40;

    private AtomicFile() {
    }

    /** What to write. */
    @FunctionalInterface
    interface Content {
        void writeTo(WritableByteChannel out) throws IOException;
    }

    /** Replaces the file, or the file that a symbolic link points to; any failure leaves the old file as it was. */
    static void replace(Path file, Content content) {
        try {
            Path target = followLinks(file.toAbsolutePath());
            checkReplaceable(file, target);
            Path folder = target.getParent();
            TemporaryFile.removeAbandoned(folder);
            try (TemporaryFile temporary = TemporaryFile.create(folder, permissions(target))) {
                content.writeTo(temporary.channel());
                temporary.finish();
                temporary.moveTo(target);
            }
            forceFolder(folder);
        } catch (IOException e) {
            throw new CheckpointException(file.toString(), "cannot be written: " + Text.reason(e), e);
        }
    }

    private static Path followLinks(Path link) throws IOException {
        Path target = link;
        for (int i = 0; Files.isSymbolicLink(target); i++) {
            if (i == MAX_LINKS) {
                throw new IOException("too many symbolic links");
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        return target;
    }

    private static void checkReplaceable(Path file, Path target) throws IOException {
        if (Files.isDirectory(target)) {
            throw new CheckpointException(file.toString(), "cannot be written: is a directory");
        }
        if (!Files.isDirectory(target.getParent())) {
            throw new CheckpointException(file.toString(), "cannot be written: no folder " + target.getParent());
        }
        if (!Files.exists(target)) {
            return;
        }
        if (!Files.isRegularFile(target)) { // renaming over a device or a pipe would take it away from everyone
            throw new CheckpointException(file.toString(), "cannot be written: is not a regular file");
        }
        if (!Files.isWritable(target)) { // renaming needs no right to write the old file, but who took it away meant it
            throw new AccessDeniedException(target.toString());
        }
    }

    /**
     * The old file's permissions, which the new one shall have; null where there are none, and the defaults will do.
     */
    private static Set<PosixFilePermission> permissions(Path target) throws IOException {
        boolean posix = Files.getFileAttributeView(target, PosixFileAttributeView.class) != null;
        return posix && Files.exists(target) ? Files.getPosixFilePermissions(target) : null;
    }

    /** Makes the new name last through a power failure. The file is in place by now, so this cannot fail the call. */
    private static void forceFolder(Path folder) {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) { // Windows opens no folders
            LOG.debug("{} cannot be forced to the disk: {}", folder, Text.reason(e));
        }
    }
}
