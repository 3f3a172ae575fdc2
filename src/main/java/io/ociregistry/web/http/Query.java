package io.ociregistry.web.http;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The query of a request. Not read by getParameter: containers differ in what they do with a query that is malformed elsewhere. */
public record Query(String text) {
    public static Query of(HttpServletRequest request) {
        return new Query(Objects.requireNonNullElse(request.getQueryString(), ""));
    }

    /**
     * The first value of a parameter.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if it can't be decoded
     */
    public Optional<String> first(String name) {
        return all(name).stream().findFirst();
    }

    /** The parameters that it has, as they are written. */
    public Set<String> names() {
        return Arrays.stream(text.split("&"))
                .map(parameter -> parameter.split("=", 2)[0])
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** Every value of a parameter. */
    public List<String> all(String name) {
        try {
            return Arrays.stream(text.split("&"))
                    .filter(parameter -> parameter.startsWith(name + "="))
                    .map(parameter -> URLDecoder.decode(parameter.substring(name.length() + 1), StandardCharsets.UTF_8))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID, "the parameter " + name + " is not encoded as URLs are", e);
        }
    }
}
