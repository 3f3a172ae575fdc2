package io.ociregistry.web.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;

/** Renders errors in the format of the distribution specification ("Error Codes"). */
public final class ErrorAnswers {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final IntSupplier rateLimitStatus;

    /**
     * Creates a renderer.
     *
     * @param rateLimitStatus the status of an answer if an upstream limits the rate: 429, or a status with which
     *     clients try their next mirror at once
     */
    public ErrorAnswers(IntSupplier rateLimitStatus) {
        this.rateLimitStatus = rateLimitStatus;
    }

    /** Returns the answer to a request that failed with this error. */
    public Answer of(RegistryException error) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", "application/json");
        if (error.code() == ErrorCode.UNSUPPORTED) {
            headers.put("Allow", "GET, HEAD");
        }
        error.retryAfter().map(ErrorAnswers::seconds).ifPresent(value -> headers.put("Retry-After", value));
        return new Answer(status(error.code()), headers, new Body.Bytes(json(error)));
    }

    /** Returns the status of the answer to a request that failed with this code. */
    int status(ErrorCode code) {
        return code == ErrorCode.TOO_MANY_REQUESTS ? rateLimitStatus.getAsInt() : code.status();
    }

    private static byte[] json(RegistryException error) {
        try {
            return JSON.writeValueAsBytes(
                    new Errors(List.of(new OciError(error.code().wireCode(), error.getMessage()))));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("writing an error as JSON failed", e);
        }
    }

    private record Errors(List<OciError> errors) {}

    private record OciError(String code, String message) {}

    /** Rounds up to at least one second, because with zero a client would retry at once. */
    private static String seconds(Duration duration) {
        return String.valueOf(Math.max(1, duration.plusMillis(999).toSeconds()));
    }
}
