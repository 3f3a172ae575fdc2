package io.ociregistry.config;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.ProxyConfig;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The grammar of a proxy's address, {@code http://[user[:password]@]host[:port]}. What is wrong is told without the text: it may hold a password. */
final class ProxyUrl {
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(.*)", Pattern.DOTALL);
    private static final Pattern PLACE = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?");
    private static final String HTTP_PORT = "80";
    private static final int MAX_PORT = 65535;

    private ProxyUrl() {}

    static ProxyConfig.Via parse(String text) {
        Matcher scheme = SCHEME.matcher(text.strip());
        if (!scheme.matches()) {
            return place(text.strip());
        }
        String name = scheme.group(1).toLowerCase(Locale.ROOT);
        if (name.startsWith("socks")) {
            throw new IllegalArgumentException(
                    "is a SOCKS proxy, and only HTTP proxies can be used; write http://host:port of one");
        }
        if (!name.equals("http")) {
            throw new IllegalArgumentException(
                    "begins with " + name + "://, and proxies are spoken to by http:// alone; write http://host:port");
        }
        return place(scheme.group(2));
    }

    private static ProxyConfig.Via place(String text) {
        int at = text.lastIndexOf('@');
        Matcher place = PLACE.matcher(text.substring(at + 1));
        int port = place.matches() ? Integer.parseInt(place.group(2) == null ? HTTP_PORT : place.group(2)) : 0;
        if (port < 1 || port > MAX_PORT) {
            throw unusable();
        }
        AuthConfig auth = at < 0 ? AuthConfig.ANONYMOUS : account(text.substring(0, at));
        return new ProxyConfig.Via(place.group(1).toLowerCase(Locale.ROOT), port, auth, List.of());
    }

    private static AuthConfig account(String text) {
        int colon = text.indexOf(':');
        String user = decoded(colon < 0 ? text : text.substring(0, colon));
        return AuthConfig.basic(user, colon < 0 ? "" : decoded(text.substring(colon + 1)));
    }

    private static String decoded(String text) {
        try {
            // A plus sign is a space in forms alone.
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException quotesIt) {
            throw unusable();
        }
    }

    private static IllegalArgumentException unusable() {
        return new IllegalArgumentException("is not the address of a proxy; write http://[user:password@]host:port,"
                + " percent-encoded where a URL needs it");
    }
}
