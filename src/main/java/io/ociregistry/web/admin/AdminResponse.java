package io.ociregistry.web.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.web.api.Answer;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.function.Function;

/**
 * The format of an answer of the admin API: JSON for a client that accepts it, otherwise text, for people and for
 * scripts that were written for the Go program.
 */
enum AdminResponse {
    TEXT("text/plain;charset=utf-8"),
    JSON("application/json");

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

    /** Returns the answer with a body in this format. */
    Answer answer(byte[] body) {
        return Answer.ok(contentType, body);
    }

    /** Returns the answer with a list in this format, with a {@code Warning} if it may be incomplete. */
    Answer answer(ListResult<byte[]> list) {
        return answer(list.list()).withWarning(list.warning());
    }
}
