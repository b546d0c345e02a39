package org.clnorm.engine.opencl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled programs as files of one folder, private to the user. A file is the SHA-256 of the binary and the binary, so
 * that a damaged one is noticed before a driver sees it. Whatever goes wrong here is logged, and the program compiled.
 */
final class DiskCache {
    static final String FOLDER_VARIABLE = "CLNORM_CACHE_DIR";

    private static final Logger LOG = LoggerFactory.getLogger(DiskCache.class);
    private static final int HASH_BYTES = 32;

    private final Path folder;

    /** A cache in a folder, or none where that is null. */
    DiskCache(Path folder) {
        this.folder = folder;
    }

    /**
     * The folder that the environment names: {@code CLNORM_CACHE_DIR} (empty for no cache on disk), or
     * {@code clnorm/programs} in the user's folder for caches.
     */
    static Path folder(Map<String, String> environment) {
        String own = environment.get(FOLDER_VARIABLE);
        if (own != null) {
            return own.isEmpty() ? null : Path.of(own);
        }
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        String home = environment.getOrDefault("HOME", System.getProperty("user.home", ""));
        if (caches.isEmpty() && home.isEmpty()) {
            return null;
        }
        return (caches.isEmpty() ? Path.of(home, ".cache") : Path.of(caches)).resolve("clnorm").resolve("programs");
    }

    boolean enabled() {
        return folder != null;
    }

    /** What the binary of a program depends on, as a file's name. */
    String key(DeviceFacts device, String options, String source) {
        MessageDigest digest = sha256();
        for (String part : new String[] {device.name(), device.driver(), device.platformName(),
            device.platformVersion(), options, source}) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    Optional<byte[]> load(String key) {
        if (!enabled()) {
            return Optional.empty();
        }
        Path file = file(key);
        try {
            byte[] content = Files.readAllBytes(file);
            if (content.length > HASH_BYTES) {
                byte[] binary = Arrays.copyOfRange(content, HASH_BYTES, content.length);
                if (Arrays.equals(sha256().digest(binary), Arrays.copyOf(content, HASH_BYTES))) {
                    return Optional.of(binary);
                }
            }
            LOG.debug("the cached program {} is damaged and will be replaced", file);
        } catch (NoSuchFileException absent) {
            LOG.trace("no cached program {}", file);
        } catch (IOException failed) {
            LOG.debug("the cached program {} cannot be read: {}", file, failed.toString());
        }
        return Optional.empty();
    }

    /** Writes a file whole or not at all, so that several processes may do it at once. */
    void store(String key, byte[] binary) {
        if (!enabled()) {
            return;
        }
        try {
            createFolder();
            Path temporary = Files.createTempFile(folder, key, ".tmp");
            try {
                Files.write(temporary, sha256().digest(binary));
                Files.write(temporary, binary, StandardOpenOption.APPEND);
                Files.move(temporary, file(key), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException | UnsupportedOperationException failed) {
            LOG.debug("the compiled program is not cached in {}: {}", folder, failed.toString());
        }
    }

    private void createFolder() throws IOException {
        if (!Files.isDirectory(folder)) {
            boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
            if (posix) {
                Files.createDirectories(folder,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectories(folder);
            }
        }
    }

    private Path file(String key) {
        return folder.resolve(key + ".bin");
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("expected SHA-256, which every Java platform has", impossible);
        }
    }
}
