package io.ociregistry.web.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.http.AsyncWait;
import io.ociregistry.web.http.WarningHeader;
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

/** The form of an answer to an operator: text for people and for scripts that know the Go program, or JSON for who asks for it. */
enum AdminResponse {
    TEXT("text/plain;charset=utf-8"),
    JSON("application/json");

    /** To look through a large cache on a slow disk. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final String contentType;

    AdminResponse(String contentType) {
        this.contentType = contentType;
    }

    static AdminResponse to(HttpServletRequest request) {
        return Collections.list(request.getHeaders("Accept")).stream().anyMatch(accept -> accept.contains("json"))
                ? JSON
                : TEXT;
    }

    /** A value in this form. */
    <T> byte[] bytes(T value, Function<T, String> text) {
        if (this == TEXT) {
            return text.apply(value).getBytes(StandardCharsets.UTF_8);
        }
        try {
            return (MAPPER.writeValueAsString(value) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new RegistryException(ErrorCode.INTERNAL, "an answer can't be written as JSON", e);
        }
    }

    /** Sends what a stage comes to, when it does. */
    void await(HttpServletRequest request, HttpServletResponse response, Supplier<CompletionStage<byte[]>> stage)
            throws IOException {
        Optional<byte[]> body = AsyncWait.await(request, PATIENCE, stage, unwanted -> {});
        if (body.isPresent()) {
            send(request, response, body.get());
        }
    }

    /** The same of what may not be all. */
    void awaitListed(
            HttpServletRequest request,
            HttpServletResponse response,
            Supplier<CompletionStage<ListResult<byte[]>>> stage)
            throws IOException {
        Optional<ListResult<byte[]>> body = AsyncWait.await(request, PATIENCE, stage, unwanted -> {});
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
