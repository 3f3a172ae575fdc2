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

/** A blob that arrives over HTTP. */
final class HttpBlobAnswer implements BlobAnswer {
    private final HttpAnswer answer;
    private final long from;
    private final OptionalLong size;
    private final EndNoticing wire;
    private final PushbackInputStream body;

    /**
     * An answer whose body has not been read yet.
     *
     * @param sign runs with each piece of the body that comes
     */
    HttpBlobAnswer(HttpAnswer answer, long from, OptionalLong size, Optional<Bandwidth> bandwidth, Runnable sign)
            throws IOException {
        this.answer = answer;
        this.from = from;
        this.size = size;
        var entity = answer.response().getEntity();
        InputStream content = entity == null ? InputStream.nullInputStream() : entity.getContent();
        this.wire = new EndNoticing(bandwidth.map(some -> some.limit(content)).orElse(content), answer, sign);
        this.body = UnrequestedEncoding.peekable(wire);
    }

    private HttpBlobAnswer(HttpBlobAnswer encoded, InputStream decoded) {
        this.answer = encoded.answer;
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
    public OptionalLong size() {
        return size;
    }

    @Override
    public Optional<BlobAnswer> decoded() throws IOException {
        // The rest of something encoded can't be decoded.
        Optional<InputStream> plain =
                from == 0 ? UnrequestedEncoding.undone(answer.response(), body) : Optional.empty();
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

    private static final class EndNoticing extends FilterInputStream {
        private final HttpAnswer answer;
        private final Runnable sign;
        private boolean ended;

        EndNoticing(InputStream in, HttpAnswer answer, Runnable sign) {
            super(in);
            this.answer = answer;
            this.sign = sign;
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            ended |= value < 0;
            sign.run();
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            ended |= count < 0;
            sign.run();
            return count;
        }

        /** Breaks off, where the stream behind it would read the rest. */
        @Override
        public void close() {
            // At its end the connection went back to the pool by itself, and is not ours to cancel any more.
            if (!ended) {
                answer.discard();
            }
        }
    }
}
