package io.ociregistry.upstream;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What stands in a file, as long as it stands there: read again once the file is another, which is looked at once a second at most.
 *
 * <p>A file that can't be used, or is gone, is told of once in the log, and what it said before goes on to count.
 */
final class WatchedFile<T> {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedFile.class);
    private static final long PAUSE = Duration.ofSeconds(1).toNanos();
    private static final int LIMIT = 1 << 20;

    /** Makes something of the bytes of a file. */
    interface Parser<T> {
        /**
         * Makes it.
         *
         * @throws IllegalArgumentException if they can't be used; the message says why, and tells nothing of them
         */
        T parse(byte[] bytes);
    }

    private record Stamp(
            Object modified, long size, @Nullable Object identity) {}

    private final String key;
    private final Path path;
    private final Parser<T> parser;
    private final LongSupplier nanoTime;
    // Guarded by this.
    private long lookedAt;
    private boolean everLookedAt;
    private @Nullable Stamp stamp;
    private @Nullable T value;
    private String failure = "";

    /**
     * Of a file that need not be there yet.
     *
     * @param key the key of the configuration that names it
     */
    WatchedFile(String key, Path path, Parser<T> parser, LongSupplier nanoTime) {
        this.key = key;
        this.path = path;
        this.parser = parser;
        this.nanoTime = nanoTime;
    }

    /**
     * What it says.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_UNREACHABLE} if it never said anything that can be used
     */
    synchronized T get() {
        long now = nanoTime.getAsLong();
        if (!everLookedAt || now - lookedAt >= PAUSE) {
            everLookedAt = true;
            lookedAt = now;
            look();
        }
        if (value == null) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_UNREACHABLE, key + " " + path + " can't be used: " + failure);
        }
        return value;
    }

    private void look() {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            Stamp seen = new Stamp(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
            if (!seen.equals(stamp)) {
                // First, so that a file that is written in the meantime is read again.
                stamp = seen;
                value = Objects.requireNonNull(parser.parse(read()));
                failure = "";
            }
        } catch (IOException e) {
            stamp = null;
            failed("it does not exist or can't be read (" + e.getClass().getSimpleName() + ")");
        } catch (IllegalArgumentException e) {
            failed(String.valueOf(e.getMessage()));
        }
    }

    private byte[] read() throws IOException {
        try (InputStream in = Files.newInputStream(path)) {
            byte[] bytes = in.readNBytes(LIMIT + 1);
            if (bytes.length > LIMIT) {
                throw new IllegalArgumentException("it is larger than " + LIMIT + " bytes");
            }
            return bytes;
        }
    }

    private void failed(String why) {
        if (!why.equals(failure)) {
            failure = why;
            LOG.warn(
                    "{} {} can't be used: {}{}",
                    key,
                    path,
                    why,
                    value == null ? "" : "; going on with what it said before");
        }
    }
}
