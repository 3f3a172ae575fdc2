package io.ociregistry.upstream.credentials;

import io.ociregistry.common.ReloadingFile;
import io.ociregistry.common.SecretFile;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Reads a file with credentials, of at most 1 MiB, and reads it again when it changes. */
public final class CredentialFile {
    private CredentialFile() {}

    /**
     * Returns the content of a file with credentials.
     *
     * <p>{@link ReloadingFile#get} throws a {@link RegistryException} with {@link ErrorCode#UPSTREAM_UNREACHABLE},
     * which names the key and the file, until the file was usable once.
     *
     * @param key the configuration key that names the file
     * @param parser throws IllegalArgumentException for unusable content; the message gives the reason, without quotes
     */
    static <T> ReloadingFile<T> of(String key, Path path, Function<byte[], T> parser, LongSupplier nanoTime) {
        return new ReloadingFile<>(
                List.of(path), () -> orUnreachable(() -> SecretFile.read(key, path, parser)), nanoTime);
    }

    /**
     * Reports an unusable file as {@link ErrorCode#UPSTREAM_UNREACHABLE}, because no request can be sent without it.
     */
    public static <T> T orUnreachable(Supplier<T> maker) {
        try {
            return maker.get();
        } catch (UnusableFileException e) {
            throw new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, e.getMessage());
        }
    }
}
