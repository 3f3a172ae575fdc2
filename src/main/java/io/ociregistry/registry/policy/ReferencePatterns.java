package io.ociregistry.registry.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Selects images by regular expressions, at least one of which must match a part of the complete name.
 *
 * <p>The complete name is {@code registry/repository:tag} or {@code registry/repository@digest}. The syntax is RE2,
 * because its matching takes linear time whatever the expression is.
 */
public final class ReferencePatterns {
    /** Matches every image. */
    public static final ReferencePatterns ALL = new ReferencePatterns(List.of());

    private final List<Pattern> patterns;

    private ReferencePatterns(List<Pattern> patterns) {
        this.patterns = List.copyOf(patterns);
    }

    /**
     * Parses expressions that are separated by commas. A comma in braces, brackets or parentheses, or after a
     * backslash, belongs to its expression.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if an expression is not valid, or is empty and so
     *     would match everything
     */
    public static ReferencePatterns parse(String text) {
        List<Pattern> patterns = new ArrayList<>();
        for (String expression : Scalar.splitExpressions(text)) {
            patterns.add(compile(expression, text));
        }
        return new ReferencePatterns(patterns);
    }

    /**
     * The patterns of {@code cache.pins}; empty if there are none.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if an expression is not valid or is empty
     */
    public static Optional<ReferencePatterns> pins(CacheConfig cache) {
        return cache.pins().isEmpty() ? Optional.empty() : Optional.of(of(cache.pins()));
    }

    /**
     * Parses expressions that are given one by one and may contain commas.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if an expression is not valid or is empty
     */
    static ReferencePatterns of(List<String> expressions) {
        return new ReferencePatterns(expressions.stream()
                .map(expression -> compile(expression, expression))
                .toList());
    }

    private static Pattern compile(String expression, String all) {
        if (expression.isBlank()) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "the pattern '" + all
                            + "' has an empty part, which would match everything; write . to match everything");
        }
        try {
            return Pattern.compile(expression);
        } catch (PatternSyntaxException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "the pattern '" + expression + "' is not an RE2 expression: " + e.getDescription(),
                    e);
        }
    }

    /** True if there are no expressions, so that every image matches. */
    public boolean isAll() {
        return patterns.isEmpty();
    }

    public boolean matches(ImageReference name) {
        String text = name.toString();
        return patterns.isEmpty()
                || patterns.stream().anyMatch(pattern -> pattern.matcher(text).find());
    }

    @Override
    public String toString() {
        return patterns.isEmpty()
                ? "all"
                : String.join(",", patterns.stream().map(Pattern::pattern).toList());
    }
}
