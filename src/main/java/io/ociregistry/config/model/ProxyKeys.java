package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.ObjectType.ProblemReporter;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.ValueType.ListOf;
import io.ociregistry.config.yaml.ValueType.ScalarOrObject;
import io.ociregistry.config.yaml.Values;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The keys of {@code registries[].proxy}, which may also be the {@code url} alone, or {@code none}. */
public final class ProxyKeys {
    private static final Pattern BLOCK = Pattern.compile("[0-9A-Fa-f:.]+/([0-9]{1,3})");
    private static final int IPV4_BITS = 32;
    private static final int IPV6_BITS = 128;
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://(.*)", Pattern.DOTALL);
    private static final Pattern HOST_PORT =
            Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?");
    private static final String HTTP_PORT = "80";
    private static final int MAX_PORT = 65535;

    private static final Key<Optional<ProxyConfig.HttpProxy>> URL = optional("url", new Scalar<>(ProxyKeys::parseUrl));
    private static final Key<List<String>> NO_PROXY =
            new Key<>("noProxy", new ListOf<>(new Scalar<>(ProxyKeys::exception)), List.of());
    static final ScalarOrObject<ProxyConfig> TYPE = new ScalarOrObject<>(
            new Scalar<>(text -> text.equals("none") ? ProxyConfig.NONE : parseUrl(text)),
            new ObjectType<>(
                    List.of(
                            URL,
                            AuthKeys.USER,
                            AuthKeys.PASSWORD,
                            AuthKeys.PASSWORD_FROM_ENV,
                            AuthKeys.PASSWORD_FILE,
                            NO_PROXY),
                    ProxyKeys::proxy));

    private ProxyKeys() {}

    private static ProxyConfig proxy(Values values, ProblemReporter reporter) {
        AuthKeys.requireUserAndPassword(reporter);
        var url = values.get(URL);
        if (url.isEmpty()) {
            if (!reporter.hasValue(URL)) {
                reporter.report(URL, "is missing; write http://host:port");
            }
            return ProxyConfig.NONE;
        }
        var via = url.get().withNoProxy(values.get(NO_PROXY));
        if (!values.has(AuthKeys.USER)) {
            return via;
        }
        if (via.auth() != AuthConfig.ANONYMOUS) {
            reporter.report(AuthKeys.USER, "is set in url too; keep one of them");
        }
        return via.withAuth(AuthKeys.account(values.get(AuthKeys.USER).orElseThrow(), values, reporter));
    }

    private static String exception(String text) {
        Matcher block = BLOCK.matcher(text);
        int maxBits = text.indexOf(':') < 0 ? IPV4_BITS : IPV6_BITS;
        boolean good = text.indexOf('/') < 0
                ? text.matches("[!-~&&[^,]]+")
                : block.matches() && Integer.parseInt(block.group(1)) <= maxBits;
        if (!good) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a host[:port], a .domain or an address range like 10.0.0.0/8");
        }
        return text;
    }

    /**
     * Parses {@code http://[user[:password]@]host[:port]}.
     *
     * @throws IllegalArgumentException if the text is not such a URL; the message does not quote the text, because it
     *     may contain a password
     */
    public static ProxyConfig.HttpProxy parseUrl(String text) {
        Matcher scheme = SCHEME.matcher(text.strip());
        if (!scheme.matches()) {
            return hostPort(text.strip());
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
        return hostPort(scheme.group(2));
    }

    private static ProxyConfig.HttpProxy hostPort(String text) {
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
