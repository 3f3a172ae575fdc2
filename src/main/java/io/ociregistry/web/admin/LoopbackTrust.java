package io.ociregistry.web.admin;

import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The rule of {@code admin.trustLoopback}: a request needs no token if it comes from this machine, is addressed to it,
 * was not sent by a web page of another site, and has no header of a proxy.
 *
 * <p>Unsafe behind a reverse proxy on this machine: many proxies add no header unless they are configured to, and send
 * {@code Host: localhost}.
 */
final class LoopbackTrust {
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
    private static final Pattern LOOPBACK_HOST = Pattern.compile(
            "(?:localhost|127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|\\[::1])(?::\\d{1,5})?", Pattern.CASE_INSENSITIVE);
    /**
     * Tomcat's RemoteIpValve sets this attribute when it reads the peer from a header of a proxy, which it then
     * removes.
     */
    private static final String READ_FROM_HEADER = "org.apache.catalina.AccessLog.RemoteAddr";

    private LoopbackTrust() {}

    /** Returns why the request needs a token; empty if it needs none. */
    static Optional<String> objection(HttpServletRequest request) {
        if (!isLoopback(request.getRemoteAddr())) {
            return Optional.of("the request comes from another machine");
        }
        Optional<String> forwarded = forwarded(request);
        if (forwarded.isPresent()) {
            return Optional.of("the request was forwarded (" + forwarded.get() + ")");
        }
        String host = request.getHeader("Host");
        if (host == null || !LOOPBACK_HOST.matcher(host).matches()) {
            return Optional.of("the request is not addressed to localhost");
        }
        return isFromAnotherSite(request, host)
                ? Optional.of("the request comes from a web page of another site")
                : Optional.empty();
    }

    private static boolean isLoopback(String address) {
        String literal = address.replaceFirst("%.*", "");
        try {
            // Only a literal: a name would be resolved.
            return ADDRESS.matcher(literal).matches()
                    && InetAddress.getByName(literal).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static Optional<String> forwarded(HttpServletRequest request) {
        return request.getAttribute(READ_FROM_HEADER) != null
                ? Optional.of("as the container's valve says")
                : Collections.list(request.getHeaderNames()).stream()
                        .filter(LoopbackTrust::isOfProxies)
                        .findFirst();
    }

    private static boolean isOfProxies(String header) {
        String name = header.toLowerCase(Locale.ROOT);
        return name.equals("forwarded")
                || name.startsWith("x-forwarded-")
                || name.equals("x-real-ip")
                || name.equals("via");
    }

    private static boolean isFromAnotherSite(HttpServletRequest request, String host) {
        String origin = request.getHeader("Origin");
        String site = request.getHeader("Sec-Fetch-Site");
        boolean another = origin != null && !origin.equalsIgnoreCase(request.getScheme() + "://" + host);
        return another || (site != null && !site.equals("same-origin") && !site.equals("none"));
    }
}
