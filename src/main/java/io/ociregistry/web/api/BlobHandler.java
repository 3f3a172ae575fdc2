package io.ociregistry.web.api;

import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.blob.BlobResult;
import io.ociregistry.registry.blob.RequestedRange;
import io.ociregistry.store.BlobSource;
import io.ociregistry.web.api.ApiRequest.BlobRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Answers requests for blobs, stored or in flight: whole blobs, ranges, and HEAD. */
final class BlobHandler implements ApiHandler<BlobRequest> {
    private final RegistryContext context;
    private final ErrorAnswers errors;

    BlobHandler(RegistryContext context, ErrorAnswers errors) {
        this.context = context;
        this.errors = errors;
    }

    @Override
    public Optional<Answer> hit(RequestHead head, BlobRequest request) {
        if (head.isHead()) {
            OptionalLong size = context.registry().cachedBlobSize(request.repository(), request.digest());
            return size.isPresent()
                    ? Optional.of(answerToHead(head, request.digest(), new BlobResult.Size(size, Provenance.HIT)))
                    : Optional.empty();
        }
        return context.registry()
                .cachedBlob(request.repository(), request.digest())
                .map(source -> answer(head, source, Provenance.HIT));
    }

    @Override
    public CompletionStage<Answer> answer(RequestHead head, BlobRequest request) {
        return head.isHead()
                ? context.registry()
                        .blobSize(request.repository(), request.digest())
                        .thenApply(size -> answerToHead(head, request.digest(), size))
                : context.registry()
                        .blob(request.repository(), request.digest(), requestedRange(head, request.digest()))
                        .thenApply(found -> answer(head, found.source(), found.provenance()));
    }

    private static Answer answerToHead(RequestHead head, Digest digest, BlobResult.Size size) {
        head.log().setProvenance(size.provenance());
        return ContentHeaders.isNotModified(head, digest)
                ? ContentHeaders.notModified(digest)
                : Answer.ok(headers(digest), new Body.None(size.bytes()));
    }

    /** Returns the answer with the source, or closes the source. */
    private Answer answer(RequestHead head, BlobSource source, Provenance provenance) {
        head.log().setProvenance(provenance);
        boolean isInAnswer = false;
        try {
            Answer answer = content(head, source);
            isInAnswer = answer.body() instanceof Body.Blob || answer.body() instanceof Body.Multipart;
            return answer;
        } finally {
            if (!isInAnswer) {
                source.close();
            }
        }
    }

    private Answer content(RequestHead head, BlobSource source) {
        Digest digest = source.digest();
        if (ContentHeaders.isNotModified(head, digest)) {
            return ContentHeaders.notModified(digest);
        }
        String range = range(head, digest);
        Optional<List<ByteRange>> ranges = range == null || source.size().isEmpty()
                ? Optional.empty()
                : parse(range, source.size().getAsLong());
        if (ranges.isEmpty()) {
            return Answer.ok(
                    headers(digest), new Body.Blob(source, 0, source.size().orElse(Body.TO_END)));
        }
        long size = source.size().getAsLong();
        return switch (ranges.get().size()) {
            case 0 -> unsatisfiable(head, digest, size);
            case 1 -> partial(source, ranges.get().get(0), size);
            default -> multipart(source, ranges.get(), size);
        };
    }

    private Answer unsatisfiable(RequestHead head, Digest digest, long size) {
        String why = "no requested range is within the " + size + " bytes of " + digest;
        head.log().setReason(why);
        return errors.of(new RegistryException(ErrorCode.RANGE_NOT_SATISFIABLE, why))
                .with("Content-Range", "bytes */" + size);
    }

    private static Optional<List<ByteRange>> parse(String header, long size) {
        try {
            return ByteRange.parse(header, size);
        } catch (ByteRange.TooManyRangesException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID, "the request has more than 100 ranges; request fewer", e);
        }
    }

    private static Map<String, String> headers(Digest digest) {
        Map<String, String> headers = ContentHeaders.of(digest, MediaType.OCTET_STREAM);
        headers.put("Accept-Ranges", "bytes");
        return headers;
    }

    private static Answer partial(BlobSource source, ByteRange range, long size) {
        return new Answer(206, headers(source.digest()), new Body.Blob(source, range.from(), range.to()))
                .with("Content-Range", range.contentRange(size));
    }

    /** Returns exactly the requested ranges, in their order (RFC 9110 section 14.6). */
    private static Answer multipart(BlobSource source, List<ByteRange> ranges, long size) {
        // Random, because clients search for the boundary in the content, which an attacker may have written.
        String boundary = UUID.randomUUID().toString();
        List<Body> parts = new ArrayList<>();
        for (ByteRange range : ranges) {
            parts.add(ascii("\r\n--" + boundary + "\r\nContent-Type: " + MediaType.OCTET_STREAM + "\r\nContent-Range: "
                    + range.contentRange(size) + "\r\n\r\n"));
            parts.add(new Body.Blob(source, range.from(), range.to()));
        }
        parts.add(ascii("\r\n--" + boundary + "--\r\n"));
        return new Answer(206, headers(source.digest()), new Body.Multipart(source, parts))
                .with("Content-Type", "multipart/byteranges; boundary=" + boundary);
    }

    private static Body ascii(String text) {
        return new Body.Bytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Returns the {@code Range} header, if its condition {@code If-Range} is true; otherwise null. */
    private static @Nullable String range(RequestHead head, Digest digest) {
        String condition = head.headers().ifRange();
        return condition == null || condition.equals(ContentHeaders.entityTag(digest))
                ? head.headers().range()
                : null;
    }

    /** Returns the requested range of a blob; empty for all of it, and for several ranges. */
    private static RequestedRange requestedRange(RequestHead head, Digest digest) {
        String header = range(head, digest);
        return header == null ? size -> Optional.empty() : size -> singleRange(header, size);
    }

    private static Optional<RequestedRange.Range> singleRange(String header, long size) {
        try {
            return ByteRange.parse(header, size)
                    .filter(ranges -> ranges.size() == 1)
                    .map(ranges -> new RequestedRange.Range(
                            ranges.get(0).from(), ranges.get(0).to()));
        } catch (ByteRange.TooManyRangesException e) {
            // Refused when the source is open.
            return Optional.empty();
        }
    }
}
