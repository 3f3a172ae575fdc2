package io.ociregistry.upstream.net;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * A body that has to come at 128 bytes a second at least, on average, once it had as long as a transfer may stand still.
 *
 * <p>Without that, somebody who sends a byte now and then would keep a thread, and all who wait for the same, for ever. It is little enough
 * for a manifest that shares the slowest of links with a few layers.
 */
final class MinRateStream extends FilterInputStream {
    private static final int BYTES_A_SECOND = 128;

    private final Duration grace;
    private final LongSupplier nanoTime;
    private final long began;
    private long count;

    /** Time counts from now on. */
    MinRateStream(InputStream in, Duration grace, LongSupplier nanoTime) {
        super(in);
        this.grace = grace;
        this.nanoTime = nanoTime;
        this.began = nanoTime.getAsLong();
    }

    @Override
    public int read() throws IOException {
        int value = super.read();
        return value < 0 ? value : counted(value, 1);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int read = super.read(bytes, offset, length);
        return read < 0 ? read : counted(read, read);
    }

    private int counted(int result, int bytes) throws TooSlow {
        count += bytes;
        Duration taken = Duration.ofNanos(nanoTime.getAsLong() - began);
        if (taken.compareTo(grace) > 0 && count < BYTES_A_SECOND * taken.toSeconds()) {
            throw new TooSlow("only " + count + " bytes came in " + taken.toSeconds() + " s");
        }
        return result;
    }

    /** Less came than has to. */
    static final class TooSlow extends SocketTimeoutException {
        private static final long serialVersionUID = 1L;

        TooSlow(String message) {
            super(message);
        }
    }
}
