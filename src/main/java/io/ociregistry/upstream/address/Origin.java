package io.ociregistry.upstream.address;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Objects;
import org.apache.hc.client5.http.psl.PublicSuffixMatcherLoader;
import org.apache.hc.core5.http.HttpHost;

/**
 * Scheme, host and port of a request. Requests to one origin may carry the credentials for it.
 *
 * @param host in lower case; IPv6 in brackets
 */
public record Origin(String scheme, String host, int port) {
    static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;
    private static final int MAX_PORT = 65535;

    /**
     * Returns the origin of an absolute http or https URI. Names with {@code _}, which {@link URI#getHost()} refuses,
     * are allowed.
     *
     * @throws IllegalArgumentException if the URI has no such origin, or contains a user name
     */
    public static Origin of(URI uri) {
        String scheme = Objects.requireNonNullElse(uri.getScheme(), "").toLowerCase(Locale.ROOT);
        String authority = Objects.requireNonNullElse(uri.getRawAuthority(), "").toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !scheme.equals("http")) {
            throw new IllegalArgumentException("it is neither http nor https");
        }
        int colon = authority.endsWith("]") ? -1 : authority.lastIndexOf(':');
        String host = colon < 0 ? authority : authority.substring(0, colon);
        if (host.isEmpty() || host.indexOf('@') >= 0) {
            throw new IllegalArgumentException("it has no host, or contains a user name");
        }
        return new Origin(scheme, host, port(colon < 0 ? "" : authority.substring(colon + 1), scheme));
    }

    /**
     * Parses a URI that an upstream sent. The exception does not repeat the text, because presigned URLs are secrets.
     *
     * @throws IllegalArgumentException if the text is not a URI
     */
    public static URI parse(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("it is not a URI: " + e.getReason());
        }
    }

    /** Returns the origin of a host that the HTTP client connects to. */
    public static Origin of(HttpHost host) {
        String scheme = host.getSchemeName();
        String name = host.getHostName().toLowerCase(Locale.ROOT);
        String bracketed = name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
        return new Origin(scheme, bracketed, host.getPort() < 0 ? port("", scheme) : host.getPort());
    }

    /** Returns this origin as the HTTP client needs it. */
    public HttpHost httpHost() {
        return new HttpHost(scheme, host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port);
    }

    public boolean isHttps() {
        return scheme.equals("https");
    }

    public boolean isSameHost(Origin other) {
        return host.equals(other.host);
    }

    /** Returns whether the host is this one, in the form of URIs or, for IPv6, without the brackets. */
    public boolean hasHost(String otherHost) {
        return host.equalsIgnoreCase(otherHost) || host.equalsIgnoreCase("[" + otherHost + "]");
    }

    /**
     * Returns whether both hosts are equal or in one registrable domain, as {@code auth.docker.io} and {@code
     * registry-1.docker.io} are.
     */
    public boolean isSameSite(Origin other) {
        if (isSameHost(other)) {
            return true;
        }
        String site = site();
        return !site.isEmpty() && site.equals(other.site());
    }

    /** Returns the absolute URI of a path at this origin. */
    public URI resolve(String path) {
        return URI.create(this + path);
    }

    @Override
    public String toString() {
        boolean usual = port == (isHttps() ? HTTPS_PORT : HTTP_PORT);
        return scheme + "://" + host + (usual ? "" : ":" + port);
    }

    /** Returns the registrable domain; empty for addresses and for names of one label. */
    private String site() {
        boolean address = host.startsWith("[") || host.matches("[0-9.]+");
        String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
        return address
                ? ""
                : Objects.requireNonNullElse(
                        PublicSuffixMatcherLoader.getDefault().getDomainRoot(name), "");
    }

    private static int port(String port, String scheme) {
        if (port.isEmpty()) {
            return scheme.equals("https") ? HTTPS_PORT : HTTP_PORT;
        }
        int number = port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : 0;
        if (number < 1 || number > MAX_PORT) {
            throw new IllegalArgumentException("its port is not a number from 1 to 65535");
        }
        return number;
    }
}
