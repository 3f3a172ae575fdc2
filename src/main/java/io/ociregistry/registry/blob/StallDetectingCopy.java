package io.ociregistry.registry.blob;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Copies the body of an upstream's answer, and breaks it off where it crawls, or is slow and there is an alternative. Every failure of the
 * upstream is a {@link TransferInterrupted}.
 */
final class StallDetectingCopy {
    private static final int BUFFER = 1 << 16;
    /** Bytes a second that are worth no more waiting where there is an alternative. */
    private static final long SLOW = 16 << 10;
    /** Bytes a second that no working connection has. */
    private static final long CRAWL = 256;

    private final InputStream body;
    private final Duration glance;
    private final Supplier<Optional<String>> alternative;

    /**
     * A copy that has not begun.
     *
     * @param glance how long the upstream may take its time between two looks at how fast it is
     * @param alternative what speaks for breaking a slow one off, if anything
     */
    StallDetectingCopy(InputStream body, Duration glance, Supplier<Optional<String>> alternative) {
        this.body = body;
        this.glance = glance;
        this.alternative = alternative;
    }

    /** Passes over bytes that are here already. */
    void skip(long count) {
        try {
            body.skipNBytes(count);
        } catch (IOException e) {
            throw new TransferInterrupted(e);
        }
    }

    /** Gives all the rest to that one, in pieces that are good until it returns. */
    void to(Consumer<ByteBuffer> receiver) {
        byte[] buffer = new byte[BUFFER];
        // Only the time is counted in which the upstream could send: not that of a slow disk, or of readers who set the
        // pace.
        long waited = 0;
        long got = 0;
        while (true) {
            long before = System.nanoTime();
            int count = read(buffer);
            if (count < 0) {
                return;
            }
            waited += System.nanoTime() - before;
            got += count;
            receiver.accept(ByteBuffer.wrap(buffer, 0, count));
            if (waited >= glance.toNanos()) {
                lookAt(got, waited);
                waited = 0;
                got = 0;
            }
        }
    }

    private int read(byte[] buffer) {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw new TransferInterrupted(e);
        }
    }

    private void lookAt(long bytes, long nanos) {
        double perSecond = 1e9 * bytes / nanos;
        if (perSecond < CRAWL) {
            throw new TransferInterrupted("only " + bytes + " bytes came in " + nanos / 1_000_000 + " ms");
        }
        if (perSecond < SLOW) {
            alternative.get().ifPresent(why -> {
                throw new TransferInterrupted("it is slow, and " + why);
            });
        }
    }
}
