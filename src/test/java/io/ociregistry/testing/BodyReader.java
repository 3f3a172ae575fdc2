package io.ociregistry.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** Reads the body of a response and reports whether it is complete. A broken connection ends the body incomplete. */
final class BodyReader {
    private static final long UNTIL_CLOSE = Long.MAX_VALUE;

    private final InputStream in;
    private final boolean chunked;
    /** The remaining bytes of the body, or of the current chunk. */
    private long left;

    private boolean started;
    private boolean complete;
    private boolean broken;

    private BodyReader(InputStream in, boolean chunked, long left) {
        this.in = in;
        this.chunked = chunked;
        this.left = left;
        this.complete = !chunked && left == 0;
    }

    static BodyReader of(InputStream in, Headers headers, boolean none) {
        if (none) {
            return new BodyReader(in, false, 0);
        }
        boolean chunked = headers.first("Transfer-Encoding").orElse("").equalsIgnoreCase("chunked");
        long length = headers.first("Content-Length").map(Long::parseLong).orElse(UNTIL_CLOSE);
        return new BodyReader(in, chunked, chunked ? 0 : length);
    }

    boolean complete() {
        return complete;
    }

    void read(long bytes, ByteArrayOutputStream into) throws IOException {
        try {
            byte[] buffer = new byte[1 << 16];
            long wanted = bytes;
            while (wanted > 0 && !complete && !broken) {
                wanted -= readSome(wanted, buffer, into);
            }
        } catch (SocketTimeoutException hanging) {
            throw hanging;
        } catch (IOException reset) {
            broken = true;
        }
    }

    private int readSome(long wanted, byte[] buffer, ByteArrayOutputStream into) throws IOException {
        if (chunked && left == 0) {
            nextChunk();
        }
        if (complete) {
            return 0;
        }
        int n = in.read(buffer, 0, (int) Math.min(buffer.length, Math.min(wanted, left)));
        if (n < 0) {
            complete = left == UNTIL_CLOSE;
            broken = !complete;
            return 0;
        }
        into.write(buffer, 0, n);
        left -= left == UNTIL_CLOSE ? 0 : n;
        complete = !chunked && left == 0;
        return n;
    }

    private void nextChunk() throws IOException {
        if (started) {
            line(in);
        }
        started = true;
        left = Long.parseLong(line(in).replaceAll(";.*", "").strip(), 16);
        if (left == 0) {
            line(in);
            complete = true;
        }
    }

    /** Reads a line of the protocol, without its terminator. */
    static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b;
        while ((b = in.read()) != '\n') {
            if (b < 0) {
                throw new IOException("the connection ended within: " + line.toString(StandardCharsets.ISO_8859_1));
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }
}
