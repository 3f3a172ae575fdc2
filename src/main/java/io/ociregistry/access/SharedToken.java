package io.ociregistry.access;

import io.ociregistry.common.BackgroundReload;
import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.Secret;
import io.ociregistry.common.SecretFile;
import io.ociregistry.common.UnusableFileException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A token that all permitted clients share. The time of a check does not reveal anything about the right token.
 * Thread-safe.
 */
public final class SharedToken implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedToken.class);

    private final Supplier<Optional<byte[]>> digest;
    private final Runnable onClose;

    private SharedToken(Supplier<Optional<byte[]>> digest, Runnable onClose) {
        this.digest = digest;
        this.onClose = onClose;
    }

    /** Returns a token that never changes. */
    public static SharedToken of(Secret token) {
        Optional<byte[]> fixed = Optional.of(digest(token.reveal()));
        return new SharedToken(() -> fixed, () -> {});
    }

    /**
     * Returns the token in the first line of a file that is watched in the background; a check reads no file.
     *
     * @param key the configuration key that names the file
     * @param pause the interval of checks for changes
     * @throws UnusableFileException if the file cannot be used now; if that happens later, the previous token stays
     *     valid
     */
    static SharedToken watched(String key, Path file, Duration pause) {
        BackgroundReload<byte[]> watched = BackgroundReload.start(inFile(key, file), pause, changed -> {});
        return new SharedToken(() -> Optional.of(watched.get()), watched::close);
    }

    /**
     * Returns the token in the first line of a file that is read when a client presents a token, at most once a second.
     * While the file has never been usable, no token is right; this is logged and has no other effect.
     *
     * @param key the configuration key that names the file
     */
    public static SharedToken readOnUse(String key, Path file) {
        ReloadingFile<byte[]> read = inFile(key, file);
        return new SharedToken(() -> ifUsable(read), () -> {});
    }

    private static Optional<byte[]> ifUsable(ReloadingFile<byte[]> file) {
        try {
            return Optional.of(file.get());
        } catch (UnusableFileException e) {
            LOG.warn("no token is accepted: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static ReloadingFile<byte[]> inFile(String key, Path file) {
        return new ReloadingFile<>(
                List.of(file),
                () -> SecretFile.read(key, file, bytes -> digest(SecretFile.firstLine(bytes))),
                System::nanoTime);
    }

    /** Returns whether this is the right token. */
    public boolean matches(String presented) {
        return digest.get()
                .filter(right -> MessageDigest.isEqual(right, digest(presented)))
                .isPresent();
    }

    /** Hashes a token, so that all compared values have one length. */
    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    @Override
    public void close() {
        onClose.run();
    }
}
