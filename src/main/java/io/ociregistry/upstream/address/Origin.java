package io.ociregistry.upstream.address;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Objects;
import org.apache.hc.client5.http.psl.PublicSuffixMatcherLoader;
import org.apache.hc.core5.http.HttpHost;

/**
 * Where a request goes: what may get the same credentials.
 *
 * @param host in lower case; IPv6 in brackets
 */
public record Origin(String scheme, String host, int port) {
    static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;
    private static final int MAX_PORT = 65535;

    /**
     * The origin of an absolute http or https URI. Names with {@code _}, which {@link URI#getHost()} refuses, are allowed.
     *
     * @throws IllegalArgumentException if it is none, or holds a user
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
            throw new IllegalArgumentException("it has no host, or a user");
        }
        return new Origin(scheme, host, port(colon < 0 ? "" : authority.substring(colon + 1), scheme));
    }

    /**
     * Parses what an upstream sent as a URI. The failure does not repeat it: presigned URLs are secrets.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static URI parse(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("it is no URI: " + e.getReason());
        }
    }

    /** The origin that the HTTP client connects to. */
    public static Origin of(HttpHost host) {
        String scheme = host.getSchemeName();
        String name = host.getHostName().toLowerCase(Locale.ROOT);
        String bracketed = name.indexOf(':') >= 0 && !name.startsWith("[") ? "[" + name + "]" : name;
        return new Origin(scheme, bracketed, host.getPort() < 0 ? port("", scheme) : host.getPort());
    }

    /** For the HTTP client. */
    public HttpHost httpHost() {
        return new HttpHost(scheme, host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port);
    }

    public boolean isHttps() {
        return scheme.equals("https");
    }

    public boolean isSameHost(Origin other) {
        return host.equals(other.host);
    }

    /** True for this host, as URIs write it, or IPv6 without the brackets, as the HTTP client does. */
    public boolean isAt(String otherHost) {
        return host.equalsIgnoreCase(otherHost) || host.equalsIgnoreCase("[" + otherHost + "]");
    }

    /** True if both hosts are one, or belong to one registrable domain: {@code auth.docker.io} and {@code registry-1.docker.io}. */
    public boolean isSameSite(Origin other) {
        if (isSameHost(other)) {
            return true;
        }
        String site = site();
        return !site.isEmpty() && site.equals(other.site());
    }

    /** The absolute URI of a path there. */
    public URI resolve(String path) {
        return URI.create(this + path);
    }

    @Override
    public String toString() {
        boolean usual = port == (isHttps() ? HTTPS_PORT : HTTP_PORT);
        return scheme + "://" + host + (usual ? "" : ":" + port);
    }

    /** The registrable domain; empty for addresses and for names of one label. */
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
            throw new IllegalArgumentException("its port is none");
        }
        return number;
    }
}
