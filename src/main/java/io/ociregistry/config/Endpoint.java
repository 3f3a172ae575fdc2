package io.ociregistry.config;

import java.net.URI;
import java.util.Locale;
import java.util.regex.Pattern;

/** The grammar of {@code endpoint}: {@code http[s]://host[:port]}, and nothing behind it. */
final class Endpoint {
    private static final Pattern GRAMMAR = Pattern.compile("(?i)(https?)://([^/?#@]+)/?");

    private Endpoint() {}

    static URI parse(String text) {
        var matcher = GRAMMAR.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not http[s]://host[:port]; no path, no user and no query may be in it");
        }
        return URI.create(matcher.group(1).toLowerCase(Locale.ROOT) + "://" + HostPort.parse(matcher.group(2)));
    }

    static Scheme schemeOf(URI endpoint) {
        return endpoint.getScheme().equals("http") ? Scheme.HTTP : Scheme.HTTPS;
    }
}
