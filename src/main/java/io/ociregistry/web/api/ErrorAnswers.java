package io.ociregistry.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.send.BodyWriter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.IntSupplier;

/** Writes the errors of servlets and filters in the format of the distribution specification ("Error Codes"). */
final class ErrorRenderer {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final IntSupplier rateLimitStatus;

    /**
     * Creates a renderer.
     *
     * @param rateLimitStatus the status of an answer if an upstream limits the rate: 429, or a status with which
     *     clients try their next mirror at once
     */
    ErrorRenderer(IntSupplier rateLimitStatus) {
        this.rateLimitStatus = rateLimitStatus;
    }

    /** Answers with an error. The response must not be committed. */
    void render(HttpServletRequest request, HttpServletResponse response, RegistryException error) throws IOException {
        byte[] body = JSON.writeValueAsBytes(
                new Body(List.of(new OciError(error.code().wireCode(), error.getMessage()))));
        response.resetBuffer();
        response.setStatus(status(error.code()));
        response.setHeader("Content-Type", "application/json");
        response.setContentLengthLong(body.length);
        if (error.code() == ErrorCode.UNSUPPORTED && !response.containsHeader("Allow")) {
            response.setHeader("Allow", "GET, HEAD");
        }
        error.retryAfter().map(ErrorRenderer::seconds).ifPresent(value -> response.setHeader("Retry-After", value));
        BodyWriter.send(request, response, body);
    }

    private int status(ErrorCode code) {
        return code == ErrorCode.TOO_MANY_REQUESTS ? rateLimitStatus.getAsInt() : code.status();
    }

    private record Body(List<OciError> errors) {}

    private record OciError(String code, String message) {}

    /** Rounds up to at least one second, because with zero a client would retry at once. */
    private static String seconds(Duration duration) {
        return String.valueOf(Math.max(1, duration.plusMillis(999).toSeconds()));
    }
}
