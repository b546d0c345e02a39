package org.clnorm.engine.opencl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;

/**
 * A folder that nobody but this user can have put anything into: what is read from it is handed to a driver, which runs
 * it. Whoever owns a file or may write it decides what runs, so both are asked for before each use. The superuser may
 * own them too, who decides anyway. File systems without owners and permissions are not asked.
 */
final class PrivateFolder {
    private static final String SUPERUSER = "root";

    private final Path folder;
    private final boolean posix;
    /** Who owns what this process makes; unknown until it was asked for. */
    private UserPrincipal user;

    PrivateFolder(Path folder) {
        this.folder = folder;
        this.posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    /** Makes the folder, open to this user alone, where there is none; then as {@link #check()}. */
    void create() throws IOException {
        if (!Files.isDirectory(folder)) {
            if (posix) {
                Files.createDirectories(folder,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectories(folder);
            }
        }
        check();
    }

    /** A new file that this user alone may read and write. */
    Path temporary(String prefix) throws IOException {
        return Files.createTempFile(folder, prefix, ".tmp");
    }

    /** Throws if another user may put files here. */
    void check() throws IOException {
        if (posix) {
            check(folder, Files.readAttributes(folder, PosixFileAttributes.class));
        }
    }

    /** Throws if another user may have written a file, or it is none: a link, which may lead anywhere, is refused. */
    void check(Path file) throws IOException {
        if (posix) {
            PosixFileAttributes found = Files.readAttributes(file, PosixFileAttributes.class,
                    LinkOption.NOFOLLOW_LINKS);
            if (!found.isRegularFile()) {
                throw new IOException("expected " + file + " to be a file, got a link or something else");
            }
            check(file, found);
        }
    }

    private void check(Path path, PosixFileAttributes found) throws IOException {
        if (found.permissions().contains(PosixFilePermission.GROUP_WRITE)
                || found.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new UntrustedException("expected " + path + " to be writable by its owner alone (chmod go-w), got "
                    + PosixFilePermissions.toString(found.permissions()));
        }
        if (!found.owner().getName().equals(SUPERUSER) && !found.owner().equals(user())) {
            throw new UntrustedException("expected " + path + " to belong to the user of this process, got one of "
                    + found.owner().getName());
        }
    }

    /** Names may be missing or set at will; what a new file belongs to is neither. */
    private synchronized UserPrincipal user() throws IOException {
        if (user == null) {
            Path probe = temporary("owner");
            try {
                user = Files.getOwner(probe);
            } finally {
                Files.delete(probe);
            }
        }
        return user;
    }

    /** Somebody else could decide what runs here. */
    static final class UntrustedException extends IOException {
        private static final long serialVersionUID = 1L;

        UntrustedException(String message) {
            super(message);
        }
    }
}
