package io.ociregistry.testing;

import io.ociregistry.testing.Answer.Framing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;

/**
 * A misbehaviour of an upstream. A test selects the requests with a {@link Match}. Counts are bytes of the current
 * response's body; a fault at a position beyond the end occurs at the end. {@link #and} combines two faults.
 */
public sealed interface Fault {
    /** Changes a correct response. */
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

    /** A trickle of 20 small pieces per second. */
    static Fault trickle(int bytesPerSecond) {
        return new Trickle(Math.max(1, bytesPerSecond / 20), Duration.ofMillis(50));
    }

    /** Combines both faults, this fault first. */
    record Both(Fault first, Fault second) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            first.bend(answer, request);
            second.bend(answer, request);
        }
    }

    /** Sends another status, with an OCI error body by default. */
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

    /** Resets the connection (RST) once the client's kernel has this number of bytes. */
    record ResetAfter(long bytes) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.stopAt(bytes, Connection::reset);
        }
    }

    /** Resets the connection instead of a response. */
    record ResetBeforeHeaders() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(Connection::reset);
        }
    }

    /** Closes the connection in an orderly way instead of a response. */
    record CloseBeforeHeaders() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(Connection::close);
        }
    }

    /** Sends nothing after this number of bytes, until the client disconnects. */
    record StallAfter(long bytes) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.stopAt(bytes, Connection::stall);
        }
    }

    /** Never sends a response, not even a status. */
    record NoAnswer() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(Connection::stall);
        }
    }

    /** Sends the body in pieces of this size with pauses between them. */
    record Trickle(int piece, Duration pause) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.chunk = piece;
            answer.pause = pause;
        }
    }

    /** Closes the connection in an orderly way after this number of bytes, whatever Content-Length says. */
    record ShortBody(long bytes) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.stopAt(bytes, Connection::close);
        }
    }

    /** Sends more bytes than Content-Length says. */
    record LongBody(int extra) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.surplus = Content.random(extra, extra);
        }
    }

    /** Makes the content longer, with a matching Content-Length. */
    record Padded(int extra) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            byte[] longer = Arrays.copyOf(answer.body.bytes(), (int) answer.body.size() + extra);
            answer.body = Content.of(longer);
        }
    }

    /** Changes the last byte. */
    record Corrupt() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.body = answer.body.flipped(answer.body.size() - 1);
        }
    }

    /** Sends no length; the end of the connection is the end of the body. */
    record NoContentLength() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.framing = Framing.CLOSE;
        }
    }

    /** Sends the body with Transfer-Encoding: chunked. */
    record Chunked() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.framing = Framing.CHUNKED;
        }
    }

    /** Sends another Content-Type, or none if it is empty. */
    record WrongContentType(String type) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.without("Content-Type");
            if (!type.isEmpty()) {
                answer.with("Content-Type", type);
            }
        }
    }

    /** Sends this Link header; its target page is never the last one. */
    record WrongLink(String link) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.without("Link").with("Link", link);
        }
    }

    /** Sends a login page with status 200. */
    record Html() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            Content page = Content.of("<!DOCTYPE html><html><body>Please accept our terms of use.</body></html>");
            answer.become(Answer.of(200, "text/html; charset=utf-8", page));
        }
    }

    /** Sends 200 with the correct headers, but no body. */
    record Empty200() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.status = 200;
            answer.body = Content.of("");
            answer.ranged = false;
        }
    }

    /** Adds or replaces a header. */
    record OtherHeader(String name, String value) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.with(name, value);
        }
    }

    /** Sends the Docker-Content-Digest of other content. */
    record WrongDigestHeader() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.with("Docker-Content-Digest", "sha256:" + "0".repeat(64));
        }
    }

    /** Sends the Warning header with which another cache marks content that it could not revalidate. */
    record Stale() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.with("Warning", "299 - \"it is served from the cache\"");
        }
    }

    /** Adds a header to those of the correct response. */
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

    /** Sends Content-Encoding: gzip, whatever the client accepts. */
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

    /** Redirects to an absolute URL or a path. */
    record RedirectTo(String url) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.become(Answer.of(307, "text/plain", Content.of("")).with("Location", url));
        }
    }

    /** Redirects to the same URL. */
    record RedirectLoop() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            new RedirectTo(request.path()).bend(answer, request);
        }
    }

    /** Redirects to the same path of another server, given by its URL without a trailing slash. */
    record RedirectToServer(String url) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            new RedirectTo(url + request.path()).bend(answer, request);
        }
    }

    /** Sends 200 with the whole content, and ignores the range. */
    record IgnoreRange() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.ranged = false;
        }
    }

    /** Sends other bytes of the same length, with another ETag. */
    record ContentChanged() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.body = Content.random(answer.body.size(), answer.body.size());
            answer.with("ETag", "\"changed\"");
        }
    }

    /** Revokes all issued tokens from this request on. */
    record ExpiredToken() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            // FakeUpstream revokes the tokens before it checks the token of this request.
        }
    }

    /** Closes the listener and resets all connections. Not for a single request: {@link FakeUpstream.Rule#always}. */
    record RefuseConnection() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {}
    }

    /** Neither accepts nor refuses connections. Not for a single request: {@link FakeUpstream.Rule#always}. */
    record Blackhole() implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {}
    }

    /**
     * Presents another certificate on new connections, and resets the open ones. Not for a single request:
     * {@link FakeUpstream.Rule#always}.
     */
    record OtherCertificate(TestCertificates.Server certificate) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {}
    }

    /** Waits at a gate before the byte at this position of the whole content. */
    record Hold(Gate gate, long position) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.gates.add(new Answer.Stop(position, connection -> gate.pass()));
        }
    }

    /** Waits at a gate before the status line. */
    record HoldHeaders(Gate gate) implements Fault {
        @Override
        public void bend(Answer answer, Recorded request) {
            answer.beforeHeaders.add(connection -> gate.pass());
        }
    }
}
