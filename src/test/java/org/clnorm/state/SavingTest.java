package org.clnorm.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavingTest {
    private static final StateDict OLD = new StateDict().put("old", HostTensor.ofFloats(new float[] {1, 2}, 2));
    private static final StateDict NEW = new StateDict().put("new", HostTensor.ofLongs(new long[] {3}));

    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void anOldFile() {
        file = folder.resolve("state.safetensors");
        OLD.save(file);
    }

    @Test
    void replacesTheOldFileAndLeavesNothingElse() throws IOException {
        NEW.save(file);
        assertEquals(NEW, StateDict.load(file));
        assertEquals(List.of("state.safetensors"), names(folder));
    }

    @Test
    void aFailureWhileWritingLeavesTheOldFileWhole() throws IOException {
        byte[] before = Files.readAllBytes(file);
        IOException full = new IOException("No space left on device");
        CheckpointException e = assertThrows(CheckpointException.class, () -> AtomicFile.replace(file, out -> {
            out.write(ByteBuffer.allocate(100));
            throw full;
        }));
        assertEquals(file + ": cannot be written: No space left on device", e.getMessage());
        assertSame(full, e.getCause());
        for (Throwable failure : List.of(new IllegalStateException("a"), new OutOfMemoryError("b"))) {
            assertSame(failure, assertThrows(failure.getClass(), () -> AtomicFile.replace(file, out -> {
                out.write(ByteBuffer.allocate(100));
                sneak(failure);
            })));
        }
        assertArrayEquals(before, Files.readAllBytes(file));
        assertEquals(List.of("state.safetensors"), names(folder));
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable failure) throws T {
        throw (T) failure;
    }

    @Test
    void anInterruptedThreadLeavesTheOldFileWhole() throws IOException {
        Thread.currentThread().interrupt();
        CheckpointException e = assertThrows(CheckpointException.class, () -> NEW.save(file));
        assertTrue(Thread.interrupted(), "the interruption was swallowed");
        assertTrue(e.fault().startsWith("cannot be written"), e.fault());
        assertEquals(OLD, StateDict.load(file));
        assertEquals(List.of("state.safetensors"), names(folder));
    }

    @Test
    void aFolderIsNotReplaced() throws IOException {
        Path target = Files.createDirectory(folder.resolve("target"));
        refused(target, "is a directory");
        assertTrue(Files.isDirectory(target));
        assertEquals(List.of("state.safetensors", "target"), names(folder));
        refused(Path.of("/"), "is a directory");
    }

    @Test
    void aFolderThatIsNotThereIsNotMade() throws IOException {
        refused(folder.resolve("none").resolve("state.safetensors"), "no folder " + folder.resolve("none"));
        refused(file.resolve("within"), "no folder " + file);
        assertEquals(List.of("state.safetensors"), names(folder));
        assertEquals(OLD, StateDict.load(file));
    }

    @Test
    void aNameThatTheFileSystemRefusesLeavesNothing() throws IOException {
        refused(folder.resolve("x".repeat(300)), "cannot be written");
        assertEquals(List.of("state.safetensors"), names(folder));
    }

    @Test
    void aFolderThatMayNotBeWrittenKeepsTheOldFile() throws IOException {
        assumePosix();
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            assumeFalse(Files.isWritable(folder), "root may write everywhere");
            refused(file, "permission denied");
            assertEquals(OLD, StateDict.load(file));
            assertEquals(List.of("state.safetensors"), names(folder));
        } finally {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    @Test
    void aFileThatMayNotBeWrittenStays() throws IOException {
        assumePosix();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        assumeFalse(Files.isWritable(file), "root may write everywhere");
        refused(file, "permission denied");
        assertEquals(OLD, StateDict.load(file));
    }

    @Test
    void permissionsStayAsTheyWere() throws IOException {
        assumePosix();
        for (String permissions : List.of("rw-------", "rw-rw-rw-", "rwxr-x---")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
            NEW.save(file);
            assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        }
    }

    @Test
    void aNewFileHasThePermissionsOfAnyNewFile() throws IOException {
        assumePosix();
        Path plain = Files.write(folder.resolve("plain"), new byte[0]);
        Path saved = folder.resolve("saved");
        NEW.save(saved);
        assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(saved));
    }

    @Test
    void aSymbolicLinkStaysAndItsFileIsReplaced() throws IOException {
        Path links = Files.createDirectory(folder.resolve("links"));
        Path second = link(links.resolve("second"), Path.of("..", "state.safetensors"));
        Path first = link(links.resolve("first"), second.toAbsolutePath());
        NEW.save(first);
        assertTrue(Files.isSymbolicLink(first) && Files.isSymbolicLink(second));
        assertEquals(NEW, StateDict.load(file));
        assertEquals(NEW, StateDict.load(first));
        assertEquals(List.of("first", "second"), names(links));
        assertEquals(List.of("links", "state.safetensors"), names(folder));
    }

    @Test
    void aLinkToNothingYetMakesItsFile() throws IOException {
        Path target = folder.resolve("target");
        Path link = link(folder.resolve("link"), target);
        NEW.save(link);
        assertTrue(Files.isRegularFile(target) && Files.isSymbolicLink(link));
        assertEquals(NEW, StateDict.load(target));
    }

    @Test
    void aCircleOfLinksIsRefused() throws IOException {
        Path circle = link(folder.resolve("circle"), Path.of("circle"));
        refused(circle, "too many symbolic links");
        assertThrows(CheckpointException.class, () -> StateDict.load(circle));
    }

    @Test
    void devicesAreLeftAlone() {
        Path device = Path.of("/dev/null");
        assumeTrue(Files.exists(device), "no /dev/null");
        refused(device, "is not a regular file");
        CheckpointException e = assertThrows(CheckpointException.class, () -> StateDict.load(device));
        assertEquals("is not a regular file", e.fault());
        assertTrue(Files.exists(device) && !Files.isRegularFile(device));
    }

    @Test
    void aFileInTheWorkingFolderNeedsNoFolderInItsName() throws IOException {
        Path relative = Path.of("").toAbsolutePath().relativize(folder.toAbsolutePath().resolve("relative"));
        NEW.save(relative);
        assertEquals(NEW, StateDict.load(relative));
        Path bare = Path.of("saving-test-" + ProcessHandle.current().pid() + ".safetensors");
        try {
            NEW.save(bare);
            assertEquals(NEW, StateDict.load(bare));
        } finally {
            Files.deleteIfExists(bare);
        }
    }

    /** The limit of what can be read again is also one of what is written. */
    @Test
    void aHeaderBeyondTheLimitIsNotWritten() throws IOException {
        StateDict wordy = new StateDict().putMetadata("k", "x".repeat(Safetensors.MAX_HEADER));
        CheckpointException e = assertThrows(CheckpointException.class, () -> wordy.save(file));
        assertTrue(e.fault().contains("at most 100000000 bytes, got 10000"), e.fault());
        assertEquals(OLD, StateDict.load(file));
        assertEquals(List.of("state.safetensors"), names(folder));
    }

    @Test
    void whatTheKilledLeaveIsRemovedAndNothingElse() throws IOException {
        Path abandoned = Files.write(folder.resolve(".clnorm-0123456789abcdef.tmp"), new byte[10]);
        List<String> others = List.of(".clnorm-0123456789abcdef.tmp.bak", ".clnorm-012.tmp",
                "clnorm-0123456789abcdef.tmp");
        for (String other : others) {
            Files.write(folder.resolve(other), new byte[10]);
        }
        Path subfolder = Files.createDirectory(folder.resolve(".clnorm-1123456789abcdef.tmp"));
        NEW.save(file);
        assertTrue(Files.notExists(abandoned));
        assertTrue(others.stream().allMatch(other -> Files.exists(folder.resolve(other))));
        assertTrue(Files.isDirectory(subfolder));
    }

    /** Two savers at once, of this process: neither takes the other's file for abandoned. */
    @Test
    void aSaverLeavesTheOthersAlone() throws IOException {
        Path second = folder.resolve("second.safetensors");
        AtomicFile.replace(file, out -> {
            out.write(ByteBuffer.allocate(10));
            OLD.save(second);
            OLD.save(file);
            out.write(ByteBuffer.allocate(10));
        });
        assertArrayEquals(new byte[20], Files.readAllBytes(file));
        assertEquals(OLD, StateDict.load(second));
        assertEquals(List.of("second.safetensors", "state.safetensors"), names(folder));
    }

    /** And of two processes: what one has locked stays. */
    @Test
    void whatAnotherProcessHasLockedStays() throws Exception {
        Path lockedFile = Files.write(folder.resolve(".clnorm-0123456789abcdef.tmp"), new byte[10]);
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                Path.of(LockHolder.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString(),
                LockHolder.class.getName(), lockedFile.toString()).redirectErrorStream(true).start();
        try {
            assertEquals("locked", other.inputReader().readLine());
            NEW.save(file);
            assertTrue(Files.exists(lockedFile));
        } finally {
            other.destroyForcibly().waitFor();
        }
        OLD.save(file);
        assertEquals(List.of("state.safetensors"), names(folder));
    }

    private static void refused(Path target, String fault) {
        CheckpointException e = assertThrows(CheckpointException.class, () -> NEW.save(target));
        assertEquals(target.toString(), e.file());
        assertTrue(e.fault().contains("cannot be written") && e.fault().contains(fault), e.fault());
    }

    private static Path link(Path link, Path target) {
        try {
            return Files.createSymbolicLink(link, target);
        } catch (UnsupportedOperationException | IOException e) {
            assumeTrue(false, "no symbolic links here: " + e);
            throw new UncheckedIOException(new IOException(e));
        }
    }

    private void assumePosix() {
        assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"), "no POSIX permissions");
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).sorted().collect(Collectors.toList());
        }
    }
}
