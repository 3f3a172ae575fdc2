package io.ociregistry.web.api;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Redacts a query for the access log. A parameter that the APIs of this server do not have, or a value with an
 * unexpected form, may be a secret and is replaced by {@code ***}.
 */
public final class RedactedQuery {
    private static final String REDACTED = "***";
    private static final Pattern KNOWN = Pattern.compile(
            "(ns|last|artifactType)=[A-Za-z0-9._:/%+-]*|n=[0-9]*"
                    // Parameters of the admin API; the log must show which client pruned which images.
                    + "|(type|dur|dryRun|count|maxSize|createdBefore|pulledBefore|parallel|withReferrers|level)"
                    + "=[A-Za-z0-9._:%+-]*"
                    + "|(expr|pattern|digest|substr|platform)=[A-Za-z0-9._:/%+,^$*?()|-]*",
            Pattern.DOTALL);
    private static final Pattern ENCODED_AT = Pattern.compile("%40");
    private static final Pattern NAME = Pattern.compile("([A-Za-z0-9._-]{1,32}=).*", Pattern.DOTALL);

    /** The last query, because the clients of a cache send few different ones. */
    private static volatile Redacted last = new Redacted("", "");

    private record Redacted(String query, String text) {}

    private RedactedQuery() {}

    public static String of(String query) {
        Redacted known = last;
        if (!known.query.equals(query)) {
            known = new Redacted(query, redact(query));
            last = known;
        }
        return known.text;
    }

    private static String redact(String query) {
        return Arrays.stream(query.split("&", -1)).map(RedactedQuery::parameter).collect(Collectors.joining("&"));
    }

    private static String parameter(String text) {
        if (text.isEmpty()
                || (KNOWN.matcher(text).matches() && !ENCODED_AT.matcher(text).find())) {
            return text;
        }
        var named = NAME.matcher(text);
        return named.matches() ? named.group(1) + REDACTED : REDACTED;
    }
}
