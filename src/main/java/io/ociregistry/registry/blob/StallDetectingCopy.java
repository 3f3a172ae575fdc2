package io.ociregistry.registry.blob;

import io.ociregistry.metrics.RegistryMetrics.Resume;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Copies the body of an upstream's answer, and interrupts it if it stalls, or if it is slow and the blob has
 * another source.
 *
 * <p>Every failure of the upstream is a {@link TransferInterrupted}. Used by one thread.
 */
final class StallDetectingCopy {
    /** Enough for most configurations and manifests. */
    private static final int SMALL_BUFFER = 1 << 13;

    /** The JDK reads at most so many bytes at once from a socket. */
    private static final int LARGE_BUFFER = 1 << 17;
    /** Bytes per second below which an alternative source is preferred. */
    private static final long SLOW_RATE = 16 << 10;
    /** Bytes per second below which a connection counts as stalled. */
    private static final long STALL_RATE = 256;

    private final InputStream body;
    private final Duration checkInterval;
    private final Supplier<Optional<String>> alternative;

    /**
     * Creates a copy that has not started.
     *
     * @param checkInterval the time of waiting for the upstream after which its rate is checked, again and again
     * @param alternative returns the reason to interrupt a slow connection; empty if the blob has no other source
     */
    StallDetectingCopy(InputStream body, Duration checkInterval, Supplier<Optional<String>> alternative) {
        this.body = body;
        this.checkInterval = checkInterval;
        this.alternative = alternative;
    }

    /** Skips bytes that are held already. */
    void skip(long count) {
        try {
            body.skipNBytes(count);
        } catch (IOException e) {
            throw new TransferInterrupted(e);
        }
    }

    /** Passes the rest of the body to a receiver, in buffers that are valid until the receiver returns. */
    void copyTo(Consumer<ByteBuffer> receiver) {
        byte[] buffer = new byte[SMALL_BUFFER];
        // Counts only the time of waiting for the upstream, not that of a slow disk or of slow readers.
        long waited = 0;
        long received = 0;
        while (true) {
            long before = System.nanoTime();
            int count = read(buffer);
            if (count < 0) {
                return;
            }
            waited += System.nanoTime() - before;
            received += count;
            receiver.accept(ByteBuffer.wrap(buffer, 0, count));
            if (count == buffer.length) {
                buffer = larger(buffer);
            }
            if (waited >= checkInterval.toNanos()) {
                checkRate(received, waited);
                waited = 0;
                received = 0;
            }
        }
    }

    private static byte[] larger(byte[] full) {
        return full.length < LARGE_BUFFER ? new byte[LARGE_BUFFER] : full;
    }

    private int read(byte[] buffer) {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw new TransferInterrupted(e);
        }
    }

    private void checkRate(long bytes, long nanos) {
        double perSecond = 1e9 * bytes / nanos;
        if (perSecond < STALL_RATE) {
            throw new TransferInterrupted(
                    Resume.STALL, "only " + bytes + " bytes arrived in " + nanos / 1_000_000 + " ms");
        }
        if (perSecond < SLOW_RATE) {
            alternative.get().ifPresent(reason -> {
                throw new TransferInterrupted(Resume.SOURCE, "the connection is slow, and " + reason);
            });
        }
    }
}
