package io.ociregistry.testing;

import io.ociregistry.testing.Answer.Framing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/**
 * One way in which an upstream misbehaves. A test says where it happens with a {@link Match}. Counts of bytes are
 * bytes of the body of the
 * answer at hand; where the body is shorter, it happens at its end. {@link #and} combines two.
 */
public sealed interface Fault {
    /** Bends a good answer. */
    void bend(Answer answer, Recorded request);

    default Fault and(Fault other) {
        return new Both(this, other);
    }

    static Status status(int code) {
        return new Status(code, Headers.NONE, "");
    }

    static Fault resetAfter(long bytes) {
        return new ResetAfter(bytes);
    }

    static Fault stallAfter(long bytes) {
        return new StallAfter(bytes);
    }

    /** 20 small pieces a second. */
    static Fault trickle(int bytesPerSecond) {
        return new Trickle(Math.max(1, bytesPerSecond / 20), Duration.ofMillis(50));
    }

    /** Both, the first one first. */
    record Both(Fault first, Fault second) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            first.bend(answer, request);
            second.bend(answer, request);
        }
    }

    /** Another status; an OCI error body where none is given. */
    record Status(int code, Headers headers, String body) implements Fault {
        public Status header(String name, String value) {
            return new Status(code, headers.and(name, value), body);
        }

        public Status body(String text) {
            return new Status(code, headers, text);
        }

        @Override
        public void bend(Answer answer, Recorded request) {
            Answer error = Answer.error(code, "UNKNOWN", "made to fail");
            error.body = body.isEmpty() ? error.body : Content.of(body);
            headers.fields().forEach(field -> error.with(field.name(), field.value()));
            answer.become(error);
        }
    }

    /** The connection is reset (RST) once the client's kernel has so many bytes. */
    record ResetAfter(long bytes) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.stopAt(bytes, Connection::reset);
        }
    }

    /** The connection is reset instead of an answer. */
    record ResetBeforeHeaders() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(Connection::reset);
        }
    }

    /** The connection is closed in good order instead of an answer. */
    record CloseBeforeHeaders() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(Connection::close);
        }
    }

    /** Nothing comes after so many bytes, until the client leaves. */
    record StallAfter(long bytes) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.stopAt(bytes, Connection::stall);
        }
    }

    /** Nothing is ever answered, not even a status. */
    record NoAnswer() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(Connection::stall);
        }
    }

    /** The body comes in pieces of this size with pauses between them. */
    record Trickle(int piece, Duration pause) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.chunk = piece;
            answer.pause = pause;
        }
    }

    /** The connection is closed in good order after so many bytes, whatever Content-Length said. */
    record ShortBody(long bytes) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.stopAt(bytes, Connection::close);
        }
    }

    /** More bytes follow than Content-Length said. */
    record LongBody(int extra) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.surplus = Content.random(extra, extra);
        }
    }

    /** The content itself is longer, and Content-Length agrees with it. */
    record Padded(int extra) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            byte[] longer = Arrays.copyOf(answer.body.bytes(), (int) answer.body.size() + extra);
            answer.body = Content.of(longer);
        }
    }

    /** The last byte is another one. */
    record Corrupt() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.body = answer.body.flipped(answer.body.size() - 1);
        }
    }

    /** No length is given; the end of the connection is the end of the body. */
    record NoContentLength() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.framing = Framing.CLOSE;
        }
    }

    /** The body comes with Transfer-Encoding: chunked. */
    record Chunked() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.framing = Framing.CHUNKED;
        }
    }

    /** Another Content-Type; none if it is empty. */
    record WrongContentType(String type) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.without("Content-Type");
            if (!type.isEmpty()) {
                answer.with("Content-Type", type);
            }
        }
    }

    /** Another Link, as it stands in the header; the page it leads to is never the last one. */
    record WrongLink(String link) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.without("Link").with("Link", link);
        }
    }

    /** A login page, with 200. */
    record Html() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            Content page = Content.of("<!DOCTYPE html><html><body>Please accept our terms of use.</body></html>");
            answer.become(Answer.of(200, "text/html; charset=utf-8", page));
        }
    }

    /** 200 with the right headers, but no body. */
    record Empty200() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.status = 200;
            answer.body = Content.of("");
            answer.ranged = false;
        }
    }

    /** One more header, or another one. */
    record OtherHeader(String name, String value) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.with(name, value);
        }
    }

    /** Docker-Content-Digest is that of something else. */
    record WrongDigestHeader() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.with("Docker-Content-Digest", "sha256:" + "0".repeat(64));
        }
    }

    /** What another cache sends along with what it could not look up again. */
    record Stale() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.with("Warning", "299 - \"it is served from the cache\"");
        }
    }

    /** A header beside those of the good answer. */
    record WithHeader(String name, String value) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.with(name, value);
        }
    }

    record NoDigestHeader() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.without("Docker-Content-Digest");
        }
    }

    /** Content-Encoding: gzip, whatever was asked for. */
    record Gzip() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            ByteArrayOutputStream zipped = new ByteArrayOutputStream();
            try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
                out.write(answer.body.bytes());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            answer.body = Content.of(zipped.toByteArray());
            answer.ranged = false;
            answer.with("Content-Encoding", "gzip");
        }
    }

    /** A redirect, to an absolute URL or a path. */
    record RedirectTo(String url) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.become(Answer.of(307, "text/plain", Content.of("")).with("Location", url));
        }
    }

    /** A redirect to the same place. */
    record RedirectLoop() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            new RedirectTo(request.path()).bend(answer, request);
        }
    }

    /** A redirect to the same path of another server, given by its URL without a slash at its end. */
    record RedirectToServer(String url) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            new RedirectTo(url + request.path()).bend(answer, request);
        }
    }

    /** 200 with everything, though a range was asked for. */
    record IgnoreRange() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.ranged = false;
        }
    }

    /** Other bytes of the same length, with another ETag. */
    record ContentChanged() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.body = Content.random(answer.body.size(), answer.body.size());
            answer.with("ETag", "\"changed\"");
        }
    }

    /** Every token given out so far is worth nothing from this request on. */
    record ExpiredToken() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            // FakeUpstream does it before it looks at the token.
        }
    }

    /**
     * The listener is closed and every connection reset. Not for a single request: {@link FakeUpstream.Rule#always}.
     */
    record RefuseConnection() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {}
    }

    /** Connections are neither accepted nor refused. Not for a single request: {@link FakeUpstream.Rule#always}. */
    record Blackhole() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {}
    }

    /**
     * New connections are shown another certificate, and those that are open are reset. Not for a single request:
     * {@link FakeUpstream.Rule#always}.
     */
    record OtherCertificate(TestCertificates.Server certificate) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {}
    }

    /** Stands at a gate before the byte at this position of the whole content. */
    record Hold(Gate gate, long position) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.gates.add(new Answer.Stop(position, connection -> gate.pass()));
        }
    }

    /** Stands at a gate before the status line. */
    record HoldHeaders(Gate gate) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(connection -> gate.pass());
        }
    }
}
