package org.clnorm.engine.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may put programs into the cache: the user, and nobody else. */
class DiskCacheTest {
    private static final String KEY = "0123";
    private static final byte[] BINARY = {1, 2, 3};

    @TempDir
    private Path home;
    private Path folder;
    private DiskCache cache;

    @BeforeEach
    void open() {
        assumeTrue(home.getFileSystem().supportedFileAttributeViews().contains("posix"), "owners and permissions");
        folder = home.resolve("clnorm").resolve("programs");
        cache = new DiskCache(folder);
    }

    private static void permit(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private Path file() {
        return folder.resolve(KEY + ".bin");
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void whatIsMadeIsOpenToTheUserAlone() throws IOException {
        cache.store(KEY, BINARY);
        assertEquals("rwx------", permissions(folder));
        assertEquals("rwx------", permissions(folder.getParent()));
        assertEquals("rw-------", permissions(file()));
        assertEquals(List.of(file()), files());
        assertArrayEquals(BINARY, new DiskCache(folder).load(KEY).orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwx---", "rwx----w-", "rwxrwxrwx"})
    void aFolderThatOthersMayWriteIsNotUsed(String permissions) throws IOException {
        cache.store(KEY, BINARY);
        permit(folder, permissions);
        assertTrue(cache.load(KEY).isEmpty());
        cache.store("4567", BINARY);
        assertEquals(List.of(file()), files());
        assertEquals(permissions, permissions(folder));
        permit(folder, "rwxr-xr-x");
        assertArrayEquals(BINARY, cache.load(KEY).orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw--w----", "rw-----w-"})
    void aFileThatOthersMayWriteIsNotReadAndReplaced(String permissions) throws IOException {
        cache.store(KEY, BINARY);
        permit(file(), permissions);
        assertTrue(cache.load(KEY).isEmpty());
        cache.store(KEY, BINARY);
        assertEquals("rw-------", permissions(file()));
        assertArrayEquals(BINARY, cache.load(KEY).orElseThrow());
    }

    @Test
    void aLinkIsNotFollowedAndReplaced() throws IOException {
        cache.store(KEY, BINARY);
        Path elsewhere = Files.move(file(), home.resolve("elsewhere"));
        Files.createSymbolicLink(file(), elsewhere);
        assertTrue(cache.load(KEY).isEmpty());
        cache.store(KEY, new byte[] {4});
        assertFalse(Files.isSymbolicLink(file()));
        assertArrayEquals(new byte[] {4}, cache.load(KEY).orElseThrow());
        assertEquals(32 + BINARY.length, Files.size(elsewhere));
    }

    /** Needs the right to give files away. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatBelongsToAnotherUserIsNotUsed(boolean all) throws IOException {
        cache.store(KEY, BINARY);
        try {
            UserPrincipal nobody = home.getFileSystem().getUserPrincipalLookupService()
                    .lookupPrincipalByName("nobody");
            Files.setOwner(all ? folder : file(), nobody);
        } catch (FileSystemException | UnsupportedOperationException denied) {
            assumeTrue(false, "only the superuser gives files away: " + denied);
        }
        assertTrue(new DiskCache(folder).load(KEY).isEmpty());
        new DiskCache(folder).store(KEY, new byte[] {4});
        assertEquals(all ? 0 : 1, new DiskCache(folder).load(KEY).stream().count());
        assertEquals(List.of(file()), files());
    }

    @Test
    void withoutAFolderThereIsNoCache() {
        DiskCache none = new DiskCache(null);
        none.store(KEY, BINARY);
        assertFalse(none.enabled());
        assertTrue(none.load(KEY).isEmpty());
    }
}
