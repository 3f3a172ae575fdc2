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

/** A token that all who may do something know. How long it takes to refuse another tells nothing of it. */
public final class SharedToken implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedToken.class);

    private final Supplier<Optional<byte[]>> digest;
    private final Runnable closing;

    private SharedToken(Supplier<Optional<byte[]>> digest, Runnable closing) {
        this.digest = digest;
        this.closing = closing;
    }

    /** One that never changes. */
    public static SharedToken of(Secret token) {
        Optional<byte[]> fixed = Optional.of(digest(token.reveal()));
        return new SharedToken(() -> fixed, () -> {});
    }

    /**
     * The one in the first line of a file that is watched: to compare with it reads nothing.
     *
     * @param key the key of the configuration that names the file
     * @param pause how long a changed file may go unseen
     * @throws UnusableFileException if the file can't be used; later on, what was read before counts while it can't
     */
    static SharedToken watched(String key, Path file, Duration pause) {
        BackgroundReload<byte[]> watched = BackgroundReload.start(inFile(key, file), pause, changed -> {});
        return new SharedToken(() -> Optional.of(watched.get()), watched::close);
    }

    /**
     * The one in the first line of a file that is looked at when somebody shows one, at most once a second. Until it can be used no token is
     * right, which is logged and keeps nothing else from working.
     *
     * @param key the key of the configuration that names the file
     */
    public static SharedToken readWhenShown(String key, Path file) {
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

    /** Whether that is it. */
    public boolean is(String shown) {
        return digest.get()
                .filter(right -> MessageDigest.isEqual(right, digest(shown)))
                .isPresent();
    }

    /** Of one length, whatever the token's. */
    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    @Override
    public void close() {
        closing.run();
    }
}
