package io.ociregistry.common;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/** Reads files that contain credentials, of at most 1 MiB. */
public final class SecretFile {
    private static final int LIMIT = 1 << 20;

    private SecretFile() {}

    /**
     * Reads and parses a file.
     *
     * @param key the key of the configuration that names the file
     * @param parser throws IllegalArgumentException for content that can't be used; its message says why, and must not
     *     quote the content
     * @throws UnusableFileException if the file can't be read, or the parser rejects its content
     */
    public static <T> T read(String key, Path path, Function<byte[], T> parser) {
        try {
            return parser.apply(bytes(path));
        } catch (IOException e) {
            throw new UnusableFileException(key, path, FileErrors.whyUnreadable(path, e));
        } catch (IllegalArgumentException e) {
            throw new UnusableFileException(key, path, e.getMessage());
        }
    }

    /**
     * Returns the first line without surrounding white space; a parser for {@link #read}.
     *
     * @throws IllegalArgumentException if the file has only white space
     */
    public static String firstLine(byte[] bytes) {
        String line = new String(bytes, StandardCharsets.UTF_8)
                .strip()
                .split("\\R", 2)[0]
                .strip();
        if (line.isEmpty()) {
            throw new IllegalArgumentException("it is empty");
        }
        return line;
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
}
