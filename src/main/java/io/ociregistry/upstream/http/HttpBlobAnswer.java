package io.ociregistry.upstream.http;

import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.net.HttpAnswer;
import io.ociregistry.upstream.work.Bandwidth;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongConsumer;

/** A blob in flight over HTTP. */
final class HttpBlobAnswer implements BlobAnswer {
    private final HttpAnswer answer;
    private final long from;
    private final String sender;
    private final OptionalLong size;
    private final ConnectionBody wire;
    private final PushbackInputStream body;

    /**
     * Wraps an answer whose body has not been read yet.
     *
     * @param received gets the number of bytes after each read of the body; 0 at its end
     */
    HttpBlobAnswer(
            HttpAnswer answer,
            long from,
            OptionalLong size,
            String sender,
            Optional<Bandwidth> bandwidth,
            LongConsumer received)
            throws IOException {
        this.answer = answer;
        this.sender = sender;
        this.from = from;
        this.size = size;
        var entity = answer.response().getEntity();
        InputStream content = entity == null ? InputStream.nullInputStream() : entity.getContent();
        this.wire =
                new ConnectionBody(bandwidth.map(limit -> limit.limit(content)).orElse(content), answer, received);
        this.body = UnrequestedEncoding.peekable(wire);
    }

    private HttpBlobAnswer(HttpBlobAnswer encoded, InputStream decoded) {
        this.answer = encoded.answer;
        this.sender = encoded.sender;
        this.from = 0;
        this.size = OptionalLong.empty();
        this.wire = encoded.wire;
        this.body = UnrequestedEncoding.peekable(decoded);
    }

    @Override
    public long from() {
        return from;
    }

    @Override
    public String sender() {
        return sender;
    }

    @Override
    public OptionalLong size() {
        return size;
    }

    @Override
    public Optional<BlobAnswer> decoded() throws IOException {
        // A part of encoded content cannot be decoded.
        Optional<InputStream> plain =
                from == 0 ? UnrequestedEncoding.decode(answer.response(), body) : Optional.empty();
        return plain.map(in -> new HttpBlobAnswer(this, in));
    }

    @Override
    public InputStream body() {
        return body;
    }

    @Override
    public void close() {
        wire.close();
    }

    /** The body as received; closing it before its end discards the connection. */
    private static final class ConnectionBody extends FilterInputStream {
        private final HttpAnswer answer;
        private final LongConsumer received;
        private boolean ended;

        ConnectionBody(InputStream in, HttpAnswer answer, LongConsumer received) {
            super(in);
            this.answer = answer;
            this.received = received;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            ended |= value < 0;
            received.accept(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            ended |= count < 0;
            received.accept(Math.max(0, count));
            return count;
        }

        /** Breaks the connection if data is left; closing the underlying stream would read the rest. */
        @Override
        public void close() {
            // At the end of the body the connection returned to the pool, and another request may use it now.
            if (!ended) {
                answer.abort();
            }
        }
    }
}
