package io.ociregistry.web.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.send.AsyncWait;
import io.ociregistry.web.api.WarningHeader;
import io.ociregistry.web.send.BodyWriter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The format of an answer of the admin API: JSON for a client that accepts it, otherwise text, for people and for
 * scripts that were written for the Go program.
 */
enum AdminResponse {
    TEXT("text/plain;charset=utf-8"),
    JSON("application/json");

    /** Long enough to read a large cache on a slow disk. */
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final String contentType;

    AdminResponse(String contentType) {
        this.contentType = contentType;
    }

    static AdminResponse of(HttpServletRequest request) {
        return Collections.list(request.getHeaders("Accept")).stream().anyMatch(accept -> accept.contains("json"))
                ? JSON
                : TEXT;
    }

    /** Returns a value in this format. */
    <T> byte[] bytes(T value, Function<T, String> text) {
        if (this == TEXT) {
            return text.apply(value).getBytes(StandardCharsets.UTF_8);
        }
        try {
            return (MAPPER.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new RegistryException(ErrorCode.INTERNAL, "writing an answer of the admin API as JSON failed", e);
        }
    }

    /** Sends the body when its stage completes. */
    void await(HttpServletRequest request, HttpServletResponse response, Supplier<CompletionStage<byte[]>> stage)
            throws IOException {
        Optional<byte[]> body = AsyncWait.await(request, TIMEOUT, stage, unwanted -> {});
        if (body.isPresent()) {
            send(request, response, body.get());
        }
    }

    /** Sends a list, with a {@code Warning} if it may be incomplete, when its stage completes. */
    void awaitList(
            HttpServletRequest request,
            HttpServletResponse response,
            Supplier<CompletionStage<ListResult<byte[]>>> stage)
            throws IOException {
        Optional<ListResult<byte[]>> body = AsyncWait.await(request, TIMEOUT, stage, unwanted -> {});
        if (body.isPresent()) {
            WarningHeader.set(response, body.get().warning());
            send(request, response, body.get().list());
        }
    }

    void send(HttpServletRequest request, HttpServletResponse response, byte[] body) throws IOException {
        response.setHeader("Content-Type", contentType);
        response.setContentLengthLong(body.length);
        BodyWriter.send(request, response, body);
    }
}
