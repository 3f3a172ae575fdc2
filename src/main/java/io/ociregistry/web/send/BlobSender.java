package io.ociregistry.web.send;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.blob.RequestedRange;
import io.ociregistry.store.BlobSource;
import io.ociregistry.web.send.AccessLogFilter;
import io.ociregistry.web.api.ByteRange;
import io.ociregistry.web.api.ContentHeaders;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Sends a blob, or the requested ranges of it, by the fastest way that the container has.
 *
 * <p>Tomcat sends a stored file itself (sendfile) if the request attributes say so before the request becomes
 * asynchronous. In all other cases {@link BodyWriter} sends the body.
 */
public final class BlobSender {
    private static final String SENDFILE = "org.apache.tomcat.sendfile.filename";

    /**
     * The size above which Tomcat's sendfile is used. Before a file, Tomcat sends the headers and blocks its thread if
     * the client does not read them, so sendfile is not worth it for small files.
     */
    private static final long SENDFILE_MIN = 64 << 10;

    /** Returns true if Tomcat sends the body itself after the service of this request has returned. */
    public static boolean usesSendfile(HttpServletRequest request) {
        return request.getAttribute(SENDFILE) != null;
    }

    /** Answers with the blob, and closes it after the last byte or on failure. */
    public void send(BlobSource source, HttpServletRequest request, HttpServletResponse response) throws IOException {
        boolean closedByWriter = false;
        try {
            Optional<List<ByteRange>> ranges = ranges(source, request, response);
            if (ContentHeaders.set(request, response, MediaType.OCTET_STREAM, source.digest())) {
                response.setHeader("Accept-Ranges", "bytes");
                closedByWriter = body(source, ranges, request, response);
            }
        } finally {
            if (!closedByWriter) {
                source.close();
            }
        }
    }

    /** Returns the requested range of a blob; empty for all of it, and for several ranges. */
    public static RequestedRange requestedRange(Digest digest, HttpServletRequest request) {
        Optional<String> header = range(digest, request);
        return size -> {
            try {
                return header.isEmpty()
                        ? Optional.empty()
                        : ByteRange.parse(header.get(), size)
                                .filter(ranges -> ranges.size() == 1)
                                .map(ranges -> ranges.get(0))
                                .map(range -> new RequestedRange.Range(range.from(), range.to()));
            } catch (ByteRange.TooManyRangesException e) {
                return Optional.empty();
            }
        };
    }

    /** Returns the {@code Range} header, if its condition {@code If-Range} is true. */
    private static Optional<String> range(Digest digest, HttpServletRequest request) {
        String condition = request.getHeader("If-Range");
        boolean applies = condition == null || condition.equals(ContentHeaders.entityTag(digest));
        return applies ? Optional.ofNullable(request.getHeader("Range")) : Optional.empty();
    }

    /** Returns the requested ranges; empty for the whole blob. */
    private static Optional<List<ByteRange>> ranges(
            BlobSource source, HttpServletRequest request, HttpServletResponse response) {
        Optional<String> header = range(source.digest(), request);
        if (header.isEmpty() || source.size().isEmpty()) {
            return Optional.empty();
        }
        long size = source.size().getAsLong();
        try {
            Optional<List<ByteRange>> ranges = ByteRange.parse(header.get(), size);
            if (ranges.isPresent() && ranges.get().isEmpty()) {
                response.setHeader("Content-Range", "bytes */" + size);
                throw new RegistryException(
                        ErrorCode.RANGE_NOT_SATISFIABLE,
                        "no requested range is within the " + size + " bytes of " + source.digest());
            }
            return ranges;
        } catch (ByteRange.TooManyRangesException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID, "the request has more than 100 ranges; request fewer", e);
        }
    }

    /** Sends the body. Returns true if a {@link BodyWriter} closes the source later, false if the caller must. */
    private boolean body(
            BlobSource source,
            Optional<List<ByteRange>> ranges,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        if (ranges.isPresent() && ranges.get().size() > 1) {
            List<BodyWriter.Part> parts = multipart(source, ranges.get(), response);
            BodyWriter.start(request, response, parts, source);
            return true;
        }
        long from = 0;
        long to = source.size().orElse(BodyWriter.TO_END);
        if (ranges.isPresent()) {
            ByteRange range = ranges.get().get(0);
            from = range.from();
            to = range.to();
            response.setStatus(HttpServletResponse.SC_PARTIAL_CONTENT);
            response.setHeader("Content-Range", range.contentRange(source.size().getAsLong()));
        }
        if (to != BodyWriter.TO_END) {
            response.setContentLengthLong(to - from);
        }
        if (to - from > SENDFILE_MIN && sendFile(source, from, to, request)) {
            return false;
        }
        List<BodyWriter.Part> parts = List.of(new BodyWriter.Part.Range(source, from, to));
        BodyWriter.start(request, response, to == from ? List.of() : parts, source);
        return true;
    }

    /**
     * Lets Tomcat send the file after the service of this request has returned. In an asynchronous request Tomcat would
     * send nothing and hang.
     */
    private static boolean sendFile(BlobSource source, long from, long to, HttpServletRequest request) {
        Optional<Path> file = source.localFile();
        boolean possible = Boolean.TRUE.equals(request.getAttribute("org.apache.tomcat.sendfile.support"))
                && request.getDispatcherType() == DispatcherType.REQUEST;
        if (file.isEmpty() || !possible) {
            return false;
        }
        request.setAttribute(SENDFILE, file.get().toString());
        request.setAttribute("org.apache.tomcat.sendfile.start", from);
        request.setAttribute("org.apache.tomcat.sendfile.end", to);
        AccessLogFilter.addBytes(request, to - from);
        return true;
    }

    /** Returns the parts of a multipart body: exactly the requested ranges, in their order (RFC 9110 section 14.6). */
    private static List<BodyWriter.Part> multipart(
            BlobSource source, List<ByteRange> ranges, HttpServletResponse response) {
        long size = source.size().orElseThrow();
        // Random, because clients search for the boundary in the content, which an attacker may have written.
        String boundary = UUID.randomUUID().toString();
        List<BodyWriter.Part> parts = new ArrayList<>();
        long length = 0;
        for (ByteRange range : ranges) {
            byte[] head = ("\r\n--" + boundary + "\r\nContent-Type: " + MediaType.OCTET_STREAM + "\r\nContent-Range: "
                            + range.contentRange(size) + "\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII);
            parts.add(new BodyWriter.Part.Bytes(head));
            parts.add(new BodyWriter.Part.Range(source, range.from(), range.to()));
            length += head.length + range.length();
        }
        byte[] tail = ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.US_ASCII);
        parts.add(new BodyWriter.Part.Bytes(tail));
        response.setStatus(HttpServletResponse.SC_PARTIAL_CONTENT);
        response.setHeader("Content-Type", "multipart/byteranges; boundary=" + boundary);
        response.setContentLengthLong(length + tail.length);
        return parts;
    }
}
