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

/** A file that credentials stand in, of 1 MiB at most, read again when it changes. */
public final class CredentialFile {
    private CredentialFile() {}

    /**
     * What stands in it. Asking for that is a {@link RegistryException} with {@link ErrorCode#UPSTREAM_UNREACHABLE}, which names the key and
     * the file, as long as it could never be used.
     *
     * @param key the key of the configuration that names it
     * @param parser throws IllegalArgumentException for what can't be used; the message says why, and tells nothing of it
     */
    static <T> ReloadingFile<T> of(String key, Path path, Function<byte[], T> parser, LongSupplier nanoTime) {
        return new ReloadingFile<>(
                List.of(path), () -> orUnreachable(() -> SecretFile.read(key, path, parser)), nanoTime);
    }

    /** Reports an unusable file as {@link ErrorCode#UPSTREAM_UNREACHABLE}, because no request can be made without it. */
    public static <T> T orUnreachable(Supplier<T> maker) {
        try {
            return maker.get();
        } catch (UnusableFileException e) {
            throw new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, e.getMessage());
        }
    }
}
