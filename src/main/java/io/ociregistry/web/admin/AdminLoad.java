package io.ociregistry.web.admin;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.admin.Loads;
import io.ociregistry.registry.archives.ArchiveUploads;
import io.ociregistry.registry.load.LoadJson;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.list.ImageFile;
import io.ociregistry.registry.load.list.ImageList;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Body;
import io.ociregistry.web.api.LineStream;
import io.ociregistry.web.api.Query;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Loads the images that the request body lists or contains, and reports the progress in lines. The load continues if
 * the client disconnects. The last line has the result, because the status is sent before the load ends.
 *
 * <p>The body is a list of images or an archive, as its content says. An archive is received before the answer starts.
 */
record AdminLoad(Loads loads, Supplier<LoadOptions> defaults) implements AdminRoute.Endpoint {
    private static final int MAX_LIST_BYTES = 1 << 20;
    private static final int MAX_DISCARDED = 4 << 20;
    private static final int MAX_PARALLEL = 64;
    private static final int MAX_NAME = 255;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Override
    public CompletionStage<Answer> answer(HttpServletRequest request) {
        try {
            return load(request);
        } catch (RegistryException e) {
            discardBody(request);
            throw e;
        }
    }

    /**
     * Reads the rest of a refused body, at most {@value #MAX_DISCARDED} bytes. A server that closes a connection with
     * unread bytes resets it, and the client may lose the answer (RFC 9112, section 9.6). A client with the header
     * {@code Expect} gets the answer before it sends the body.
     */
    private static void discardBody(HttpServletRequest request) {
        if (request.getHeader("Expect") == null) {
            try {
                byte[] bytes = new byte[8192];
                InputStream body = request.getInputStream();
                long discarded = 0;
                for (int n = body.read(bytes); n >= 0 && discarded < MAX_DISCARDED; n = body.read(bytes)) {
                    discarded += n;
                }
            } catch (IOException ignored) {
                // The client has left, so nobody reads the answer.
            }
        }
    }

    private CompletionStage<Answer> load(HttpServletRequest request) {
        Query query = Query.of(request.getQueryString());
        LineStream lines = new LineStream();
        boolean json = AdminResponse.of(request) == AdminResponse.JSON;
        LoadListener listener = json ? new LoadJson(lines::add, lines::addDroppable) : new LoadText(lines);
        load(request, query, options(query), listener).whenComplete((summary, failure) -> {
            if (failure != null) {
                lines.add(json ? interrupted(failure) : "failed: " + reason(failure));
            }
            lines.end();
        });
        String contentType = json ? "application/x-ndjson" : "text/plain;charset=utf-8";
        return CompletableFuture.completedStage(Answer.ok(Map.of("Content-Type", contentType), new Body.Lines(lines)));
    }

    /** Lists the archives that were received so far. */
    CompletionStage<Answer> uploads(HttpServletRequest request) {
        AdminResponse form = AdminResponse.of(request);
        return CompletableFuture.completedStage(form.answer(form.bytes(loads.uploads(), AdminLoad::uploadText)));
    }

    private static String uploadText(List<ArchiveUploads.Status> uploads) {
        return uploads.stream()
                .map(upload -> (upload.upload().isEmpty() ? "-" : upload.upload()) + " " + upload.bytes() + " bytes, "
                        + upload.state() + ", " + upload.name() + "\n")
                .collect(Collectors.joining());
    }

    private CompletionStage<LoadSummary> load(
            HttpServletRequest request, Query query, LoadOptions options, LoadListener listener) {
        try {
            if (given(query, "upload").isPresent()) {
                return loads.load(part(request, query), request::getInputStream, options, listener);
            }
            InputStream body = request.getInputStream();
            byte[] head = body.readNBytes(ImageFile.HEAD);
            InputStream whole = new SequenceInputStream(new ByteArrayInputStream(head), body);
            ImageFile.Kind kind = ImageFile.kindOf(head)
                    .orElseThrow(
                            () -> invalid("the body is neither a list of images nor an archive (tar, gzip, zstd)"));
            return kind == ImageFile.Kind.LIST
                    ? loads.load(plan(whole.readNBytes(MAX_LIST_BYTES + 1)), options, listener)
                    : loads.load(part(request, query), () -> whole, options, listener);
        } catch (IOException e) {
            throw invalid("the body can't be read to its end: " + e.getMessage());
        }
    }

    private static ArchiveUploads.Part part(HttpServletRequest request, Query query) {
        long length = request.getContentLengthLong();
        return new ArchiveUploads.Part(
                given(query, "upload").map(Digest::parse),
                given(query, "offset").map(AdminLoad::offset).orElse(0L),
                length < 0 ? OptionalLong.empty() : OptionalLong.of(length),
                given(query, "name").map(AdminLoad::name).orElse("archive"));
    }

    private static long offset(String text) {
        if (!text.matches("[0-9]{1,18}")) {
            throw invalid("offset must be a number of bytes");
        }
        return Long.parseLong(text);
    }

    private static String name(String text) {
        if (text.length() > MAX_NAME || text.chars().anyMatch(Character::isISOControl)) {
            throw invalid("name must have at most " + MAX_NAME + " characters and no control characters");
        }
        return text;
    }

    private static LoadPlan plan(byte[] list) {
        if (list.length > MAX_LIST_BYTES) {
            throw invalid("the list of images is larger than " + MAX_LIST_BYTES + " bytes; send it in parts");
        }
        LoadPlan plan = LoadPlan.of(ImageList.read("line", list));
        if (plan.lines().isEmpty()) {
            throw invalid("the body lists no image; send one image on a line, such as docker.io/library/alpine:3.20");
        }
        return plan;
    }

    private LoadOptions options(Query query) {
        LoadOptions configured = defaults.get();
        return new LoadOptions(
                given(query, "platform").map(Platforms::parse).orElse(configured.platforms()),
                given(query, "refresh").map(value -> isTrue("refresh", value)).orElse(configured.refresh()),
                given(query, "parallel").map(AdminLoad::parallel).orElse(configured.parallel()),
                given(query, "withReferrers")
                        .map(value -> isTrue("withReferrers", value))
                        .orElse(configured.withReferrers()),
                configured.pullTimeout(),
                given(query, "resolveRef").or(configured::resolveRef));
    }

    private static Optional<String> given(Query query, String name) {
        return query.first(name).filter(value -> !value.isEmpty());
    }

    private static int parallel(String text) {
        int number = text.matches("[0-9]{1,3}") ? Integer.parseInt(text) : 0;
        if (number < 1 || number > MAX_PARALLEL) {
            throw invalid("parallel must be a number from 1 to " + MAX_PARALLEL);
        }
        return number;
    }

    private static boolean isTrue(String name, String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw invalid(name + " must be true or false");
        }
        return text.equals("true");
    }

    private static RegistryException invalid(String what) {
        return new RegistryException(ErrorCode.REQUEST_INVALID, "invalid parameters: " + what);
    }

    private static String interrupted(Throwable failure) {
        return JSON.createObjectNode()
                .put("event", "interrupted")
                .put("reason", reason(failure))
                .toString();
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return String.valueOf(cause.getMessage());
    }
}
