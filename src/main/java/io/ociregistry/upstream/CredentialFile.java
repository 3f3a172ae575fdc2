package io.ociregistry.upstream;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** A file that credentials stand in, of 1 MiB at most, read again when it changes. */
final class CredentialFile {
    private static final int LIMIT = 1 << 20;

    private CredentialFile() {}

    /**
     * What stands in it. Asking for that is a {@link RegistryException} with {@link ErrorCode#UPSTREAM_UNREACHABLE}, which names the key and
     * the file, as long as it could never be used.
     *
     * @param key the key of the configuration that names it
     * @param parser throws IllegalArgumentException for what can't be used; the message says why, and tells nothing of it
     */
    static <T> FromFiles<T> of(String key, Path path, Function<byte[], T> parser, LongSupplier nanoTime) {
        return new FromFiles<>(
                List.of(path), () -> read(key + " " + path + " can't be used: ", path, parser), nanoTime);
    }

    private static <T> T read(String failure, Path path, Function<byte[], T> parser) {
        try {
            return parser.apply(bytes(path));
        } catch (IOException e) {
            throw failed(failure + "it does not exist or can't be read ("
                    + e.getClass().getSimpleName() + ")");
        } catch (IllegalArgumentException e) {
            throw failed(failure + e.getMessage());
        }
    }

    private static byte[] bytes(Path path) throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(LIMIT + 1);
            if (bytes.length > LIMIT) {
                throw new IllegalArgumentException("it is larger than " + LIMIT + " bytes");
            }
            return bytes;
        }
    }

    private static RegistryException failed(String message) {
        return new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, message);
    }
}
