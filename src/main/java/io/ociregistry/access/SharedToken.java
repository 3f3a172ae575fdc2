package io.ociregistry.access;

import io.ociregistry.config.Secret;
import io.ociregistry.files.FromFiles;
import io.ociregistry.files.SecretFile;
import io.ociregistry.files.Watched;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A token that all who may do something know. How long it takes to refuse another tells nothing of it. */
public final class SharedToken implements AutoCloseable {
    private final Supplier<byte[]> digest;
    private final Runnable closing;

    private SharedToken(Supplier<byte[]> digest, Runnable closing) {
        this.digest = digest;
        this.closing = closing;
    }

    /**
     * The one in the first line of a file, which is read again when it changes, else the one that is given; empty if there is neither.
     *
     * @param key the key of the configuration that names the file
     * @param pause how long a changed file may go unseen
     * @throws io.ociregistry.files.UnusableFileException if the file can't be used
     */
    public static Optional<SharedToken> of(Optional<Secret> token, String key, Optional<Path> file, Duration pause) {
        return file.map(path -> inFile(key, path, pause)).or(() -> token.map(SharedToken::fixed));
    }

    private static SharedToken fixed(Secret token) {
        byte[] fixed = digest(token.reveal());
        return new SharedToken(() -> fixed, () -> {});
    }

    private static SharedToken inFile(String key, Path path, Duration pause) {
        FromFiles<byte[]> file = new FromFiles<>(
                List.of(path),
                () -> SecretFile.read(key, path, bytes -> digest(SecretFile.firstLine(bytes))),
                System::nanoTime);
        Watched<byte[]> watched = Watched.start(file, pause, changed -> {});
        return new SharedToken(watched::get, watched::close);
    }

    /** Whether that is it. */
    public boolean is(String shown) {
        return MessageDigest.isEqual(digest.get(), digest(shown));
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
