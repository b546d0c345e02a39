package org.clnorm.engine.opencl;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled programs as files of one {@linkplain PrivateFolder folder that is private to the user}. A file is the
 * SHA-256 of the binary and the binary, so that a damaged one is noticed before a driver sees it; one that another user
 * may have written is not read at all. Whatever goes wrong here is logged, and the program compiled.
 */
final class DiskCache {
    static final String FOLDER_VARIABLE = "CLNORM_CACHE_DIR";

    private static final Logger LOG = LoggerFactory.getLogger(DiskCache.class);
    private static final int HASH_BYTES = 32;

    private final PrivateFolder folder;
    /** One warning a device is enough. */
    private final AtomicBoolean warned = new AtomicBoolean();

    /** A cache in a folder, or none where that is null. */
    DiskCache(Path folder) {
        this.folder = folder == null ? null : new PrivateFolder(folder);
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
            folder.check();
            folder.check(file);
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
            log("the cached program " + file + " is not read", failed);
        }
        return Optional.empty();
    }

    /** Writes a file whole or not at all, so that several processes may do it at once. */
    void store(String key, byte[] binary) {
        if (!enabled()) {
            return;
        }
        try {
            folder.create();
            Path temporary = folder.temporary(key);
            try {
                Files.write(temporary, sha256().digest(binary));
                Files.write(temporary, binary, StandardOpenOption.APPEND);
                Files.move(temporary, file(key), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException | UnsupportedOperationException failed) {
            log("the compiled program is not cached as " + file(key), failed);
        }
    }

    /** A folder that others may write is for the user to mend; all else is as if there were no cache. */
    private void log(String what, Exception why) {
        if (why instanceof PrivateFolder.UntrustedException && warned.compareAndSet(false, true)) {
            LOG.warn("{}: {}", what, why.getMessage());
        } else {
            LOG.debug("{}: {}", what, why.toString());
        }
    }

    private Path file(String key) {
        return folder.file(key + ".bin");
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("expected SHA-256, which every Java platform has", impossible);
        }
    }
}
