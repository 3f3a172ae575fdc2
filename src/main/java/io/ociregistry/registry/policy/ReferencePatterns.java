package io.ociregistry.registry.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which images are meant: those whose complete name, {@code registry/repository:tag} or {@code registry/repository@digest}, has a part that one of
 * some regular expressions matches. The syntax is RE2, whose matching takes linear time, since anybody may write one.
 */
public final class ReferencePatterns {
    /** Every image. */
    public static final ReferencePatterns ALL = new ReferencePatterns(List.of());

    private final List<Pattern> patterns;

    private ReferencePatterns(List<Pattern> patterns) {
        this.patterns = List.copyOf(patterns);
    }

    /**
     * Parses expressions with commas between them; so there is none in an expression.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if one is no expression, or empty: it would match everything
     */
    public static ReferencePatterns parse(String text) {
        List<Pattern> patterns = new ArrayList<>();
        for (String expression : text.split(",", -1)) {
            patterns.add(compile(expression, text));
        }
        return new ReferencePatterns(patterns);
    }

    /**
     * The patterns of {@code cache.pins}; empty if there are none.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if one is no expression, or empty
     */
    public static Optional<ReferencePatterns> pins(CacheConfig cache) {
        return cache.pins().isEmpty() ? Optional.empty() : Optional.of(of(cache.pins()));
    }

    /**
     * The same for expressions that may have commas.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if one is no expression, or empty
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
                            + "' has an empty part, which would match everything; write . if that is meant");
        }
        try {
            return Pattern.compile(expression);
        } catch (PatternSyntaxException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "the pattern '" + expression + "' is no RE2 expression: " + e.getDescription(),
                    e);
        }
    }

    /** True if nothing was asked for, so that everything is meant. */
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
