package io.ociregistry.web.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.web.http.Query;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** What a request to prune is told. Empty parameters count as absent, but for a truth value. */
record PruneParameters(Query query) {
    private static final Set<String> KNOWN =
            new TreeSet<>(Set.of("type", "dur", "expr", "createdBefore", "pulledBefore", "maxSize", "count", "dryRun"));

    /** What is not read beside that type; the first of it is no type. */
    private static final List<Clash> CLASHES = List.of(
            new Clash("", "dur", "is read with type=created or type=accessed alone"),
            new Clash(
                    "pattern",
                    "dur",
                    "is not read with type=pattern; add createdBefore or pulledBefore for what is old and matches"),
            new Clash("created", "expr", olderAnd("created", "createdBefore")),
            new Clash("accessed", "expr", olderAnd("accessed", "pulledBefore")));

    private record Clash(String type, String parameter, String why) {}

    private static String olderAnd(String type, String instead) {
        return "is not read with type=" + type + "; for what is old and matches write expr and " + instead
                + " without type and dur";
    }

    /**
     * Looks whether all of it has a meaning.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if there is a parameter that nothing reads: nobody says something to prune more
     */
    void check() {
        for (String name : query.names()) {
            if (!KNOWN.contains(name)) {
                throw invalid("there is no parameter " + name + "; there are " + String.join(", ", KNOWN));
            }
            if (query.all(name).size() > 1) {
                throw invalid(name + " is there more than once");
            }
        }
        String type = value("type").orElse("");
        CLASHES.stream()
                .filter(clash ->
                        clash.type.equals(type) && value(clash.parameter).isPresent())
                .findFirst()
                .ifPresent(clash -> {
                    throw invalid(clash.parameter + " " + clash.why);
                });
    }

    Optional<String> first(String name) {
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
        return first(name).filter(text -> !text.isEmpty());
    }

    private static <T> T parse(String name, String text, Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (DateTimeParseException e) {
            throw invalid(name + ": '" + text + "' is no time: expected one like 2026-03-01T22:17:31Z");
        } catch (IllegalArgumentException | RegistryException e) {
            throw invalid(name + ": " + e.getMessage());
        }
    }
}
