package io.ociregistry.config.address;

import io.ociregistry.config.address.Endpoint.Scheme;
import java.net.URI;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/** The grammar of {@code endpoint}: {@code http[s]://host[:port]} without a path. */
public final class Endpoint {
    private static final Pattern GRAMMAR = Pattern.compile("(?i)(https?)://([^/?#@]+)/?");
    /** A name with a trailing dot, which the resolver does not complete with its search domains. */
    private static final Pattern ABSOLUTE = Pattern.compile("(.*[^.])\\.(:[^:]*)?");

    /** The URL scheme of an upstream registry. */
    public enum Scheme {
        HTTPS,
        HTTP
    }

    private Endpoint() {}

    /** Parses an endpoint; the message of the IllegalArgumentException says what is wrong and what to write. */
    public static URI parse(String text) {
        var matcher = GRAMMAR.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not http[s]://host[:port]; remove any path, user and query");
        }
        return URI.create(matcher.group(1).toLowerCase(Locale.ROOT) + "://" + hostPort(matcher.group(2)));
    }

    private static String hostPort(String text) {
        var absolute = ABSOLUTE.matcher(text);
        if (!absolute.matches()) {
            return HostPort.parse(text);
        }
        var relative = HostPort.parse(absolute.group(1) + Objects.requireNonNullElse(absolute.group(2), ""));
        return relative.replaceFirst("(:[0-9]+)?$", ".$0");
    }

    public static Scheme schemeOf(URI endpoint) {
        return endpoint.getScheme().equals("http") ? Scheme.HTTP : Scheme.HTTPS;
    }
}
