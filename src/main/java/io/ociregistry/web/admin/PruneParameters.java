package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.api.Query;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** The parameters of a prune request. An empty parameter counts as absent, except {@code dryRun}. */
record PruneParameters(Query query) {
    private static final Set<String> KNOWN =
            new TreeSet<>(Set.of("type", "dur", "expr", "createdBefore", "pulledBefore", "maxSize", "count", "dryRun"));

    /** Parameters that have no effect with a type; the empty type stands for a request without one. */
    private static final List<Conflict> CONFLICTS = List.of(
            new Conflict("", "dur", "is only allowed with type=created or type=accessed"),
            new Conflict(
                    "pattern",
                    "dur",
                    "is not allowed with type=pattern; to select by age too, add createdBefore or pulledBefore"),
            new Conflict("created", "expr", useInstead("created", "createdBefore")),
            new Conflict("accessed", "expr", useInstead("accessed", "pulledBefore")));

    private record Conflict(String type, String parameter, String why) {}

    private static String useInstead(String type, String instead) {
        return "is not allowed with type=" + type + "; to select old images that match, use expr and " + instead
                + " without type and dur";
    }

    /**
     * Checks that every parameter has an effect.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if a parameter has none, because the operator may
     *     have meant it to limit the prune
     */
    void check() {
        for (String name : query.names()) {
            if (!KNOWN.contains(name)) {
                throw invalid("unknown parameter " + name + "; the parameters are " + String.join(", ", KNOWN));
            }
            if (query.values(name).size() > 1) {
                throw invalid(name + " is given more than once");
            }
        }
        String type = value("type").orElse("");
        CONFLICTS.stream()
                .filter(conflict ->
                        conflict.type.equals(type) && value(conflict.parameter).isPresent())
                .findFirst()
                .ifPresent(conflict -> {
                    throw invalid(conflict.parameter + " " + conflict.why);
                });
    }

    Optional<String> raw(String name) {
        return query.first(name);
    }

    <T> Optional<T> get(String name, Function<String, T> parser) {
        return value(name).map(text -> parse(name, text, parser));
    }

    <T> T require(String name, Function<String, T> parser) {
        return get(name, parser).orElseThrow(() -> invalid(name + " is missing"));
    }

    static RegistryException invalid(String why) {
        return new RegistryException(ErrorCode.REQUEST_INVALID, "unable to parse prune params: " + why);
    }

    private Optional<String> value(String name) {
        return raw(name).filter(text -> !text.isEmpty());
    }

    private static <T> T parse(String name, String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (DateTimeParseException e) {
            throw invalid(name + ": '" + text + "' is not a time; use a form like 2026-03-01T22:17:31Z");
        } catch (IllegalArgumentException | RegistryException e) {
            throw invalid(name + ": " + e.getMessage());
        }
    }
}
