package io.ociregistry.web.http;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A query as the access log may have it: what our API has no use for may be a secret, and so may what is not shaped like its values. */
final class RedactedQuery {
    private static final String HIDDEN = "***";
    private static final Pattern OURS = Pattern.compile(
            "(ns|last|artifactType)=[A-Za-z0-9._:/%+-]*|n=[0-9]*"
                    // Of the admin API: who pruned what is to be found again.
                    + "|(type|dur|dryRun|count|maxSize|createdBefore|pulledBefore|parallel|withReferrers)=[A-Za-z0-9._:%+-]*"
                    + "|(expr|pattern|digest|substr|platform)=[A-Za-z0-9._:/%+,^$*?()|-]*",
            Pattern.DOTALL);
    private static final Pattern AN_AT = Pattern.compile("%40");
    private static final Pattern NAMED = Pattern.compile("([A-Za-z0-9._-]{1,32}=).*", Pattern.DOTALL);

    private RedactedQuery() {}

    static String of(String query) {
        return Arrays.stream(query.split("&", -1)).map(RedactedQuery::parameter).collect(Collectors.joining("&"));
    }

    private static String parameter(String text) {
        if (text.isEmpty()
                || (OURS.matcher(text).matches() && !AN_AT.matcher(text).find())) {
            return text;
        }
        var named = NAMED.matcher(text);
        return named.matches() ? named.group(1) + HIDDEN : HIDDEN;
    }
}
