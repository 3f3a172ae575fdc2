package io.ociregistry.web.api;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The query of a request. Does not use {@code getParameter}, because containers differ in how they handle a query with
 * a malformed parameter.
 */
public record Query(String text) {
    /** Returns a query that may be absent. */
    public static Query of(@Nullable String text) {
        return new Query(Objects.requireNonNullElse(text, ""));
    }

    /**
     * Returns the first value of a parameter.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if a value of the parameter can't be decoded
     */
    public Optional<String> first(String name) {
        return values(name).stream().findFirst();
    }

    /** Returns the names of the parameters, without decoding, in the order of the query. */
    public Set<String> names() {
        return Arrays.stream(text.split("&"))
                .map(parameter -> parameter.split("=", 2)[0])
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /**
     * Returns every value of a parameter.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if a value can't be decoded
     */
    public List<String> values(String name) {
        try {
            return Arrays.stream(text.split("&"))
                    .filter(parameter -> parameter.startsWith(name + "="))
                    .map(parameter -> URLDecoder.decode(parameter.substring(name.length() + 1), StandardCharsets.UTF_8))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID, "the parameter " + name + " has invalid percent-encoding", e);
        }
    }
}
