package io.ociregistry.config;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.ProxyConfig;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The grammar of a proxy's URL, {@code http://[user[:password]@]host[:port]}. Messages do not quote the URL, because it
 * may contain a password.
 */
final class ProxyUrl {
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(.*)", Pattern.DOTALL);
    private static final Pattern HOST_PORT =
            Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?");
    private static final String HTTP_PORT = "80";
    private static final int MAX_PORT = 65535;

    private ProxyUrl() {}

    static ProxyConfig.HttpProxy parse(String text) {
        Matcher scheme = SCHEME.matcher(text.strip());
        if (!scheme.matches()) {
            return proxy(text.strip());
        }
        String name = scheme.group(1).toLowerCase(Locale.ROOT);
        if (name.startsWith("socks")) {
            throw new IllegalArgumentException(
                    "is a SOCKS proxy, and only HTTP proxies are supported; write http://host:port of an HTTP proxy");
        }
        if (!name.equals("http")) {
            throw new IllegalArgumentException(
                    "starts with " + name + "://, and proxies are only supported with http://; write http://host:port");
        }
        return proxy(scheme.group(2));
    }

    private static ProxyConfig.HttpProxy proxy(String text) {
        int at = text.lastIndexOf('@');
        Matcher hostPort = HOST_PORT.matcher(text.substring(at + 1));
        int port = hostPort.matches() ? Integer.parseInt(hostPort.group(2) == null ? HTTP_PORT : hostPort.group(2)) : 0;
        if (port < 1 || port > MAX_PORT) {
            throw unusable();
        }
        AuthConfig auth = at < 0 ? AuthConfig.ANONYMOUS : account(text.substring(0, at));
        return new ProxyConfig.HttpProxy(hostPort.group(1).toLowerCase(Locale.ROOT), port, auth, List.of());
    }

    private static AuthConfig account(String text) {
        int colon = text.indexOf(':');
        String user = decoded(colon < 0 ? text : text.substring(0, colon));
        return AuthConfig.basic(user, colon < 0 ? "" : decoded(text.substring(colon + 1)));
    }

    private static String decoded(String text) {
        try {
            // URLDecoder would decode a plus sign as a space, which is right for forms only.
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException quotesText) {
            throw unusable();
        }
    }

    private static IllegalArgumentException unusable() {
        return new IllegalArgumentException("is not the URL of a proxy; write http://[user:password@]host:port,"
                + " with special characters percent-encoded");
    }
}
