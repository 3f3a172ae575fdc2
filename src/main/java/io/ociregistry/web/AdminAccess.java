package io.ociregistry.web;

import io.ociregistry.access.SharedToken;
import io.ociregistry.config.AdminConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Who may administer the server: programs on the same machine that mean it, and whoever brings the token. See ADR 25.
 *
 * <p>A browser on this machine asks for whatever a page on the web tells it to, also under names that the page's owner makes to mean this machine,
 * and a proxy on it asks for anybody. So the request has to name this machine, not come from a page of somebody else's, and not have been
 * forwarded.
 */
final class AdminAccess {
    private static final String BEARER = "Bearer ";
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
    private static final Pattern LOOPBACK_HOST = Pattern.compile(
            "(?:localhost|127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|\\[::1])(?::\\d{1,5})?", Pattern.CASE_INSENSITIVE);
    /** Where Tomcat's valve leaves what it read from a header of a proxy, which it then removes. */
    private static final String READ_FROM_HEADER = "org.apache.catalina.AccessLog.RemoteAddr";

    private final List<SharedToken> tokens;

    AdminAccess(AdminConfig config) {
        this.tokens = Stream.concat(
                        config.token().map(SharedToken::of).stream(),
                        config.tokenFile().map(file -> SharedToken.readWhenShown("admin.tokenFile", file)).stream())
                .toList();
    }

    /**
     * Does nothing for who may.
     *
     * @throws RegistryException {@link ErrorCode#DENIED}; the message says why, and what to do
     */
    void check(HttpServletRequest request) {
        Optional<String> token = token(request);
        Optional<String> objection = token.isPresent()
                ? token.filter(given -> tokens.stream().noneMatch(right -> right.is(given)))
                        .map(wrong -> "the token is not the right one")
                : objection(request);
        objection.ifPresent(why -> {
            throw new RegistryException(
                    ErrorCode.DENIED,
                    "only the operator may ask for this, and " + why
                            + ": ask from the machine itself, as http://localhost:" + request.getLocalPort()
                            + request.getRequestURI()
                            + ", or send Authorization: Bearer TOKEN, with the token that admin.token or admin.tokenFile of the configuration says");
        });
    }

    private static Optional<String> token(HttpServletRequest request) {
        return Optional.ofNullable(request.getHeader("Authorization"))
                .filter(value -> value.regionMatches(true, 0, BEARER, 0, BEARER.length()))
                .map(value -> value.substring(BEARER.length()).strip());
    }

    private static Optional<String> objection(HttpServletRequest request) {
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
        return isFromElsewhere(request, host)
                ? Optional.of("the request comes from a web page of another site")
                : Optional.empty();
    }

    private static boolean isLoopback(String address) {
        String literal = address.replaceFirst("%.*", "");
        try {
            // Only a literal: a name would be asked for.
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
                        .filter(AdminAccess::isOfProxies)
                        .findFirst();
    }

    private static boolean isOfProxies(String header) {
        String name = header.toLowerCase(Locale.ROOT);
        return name.equals("forwarded")
                || name.startsWith("x-forwarded-")
                || name.equals("x-real-ip")
                || name.equals("via");
    }

    private static boolean isFromElsewhere(HttpServletRequest request, String host) {
        String origin = request.getHeader("Origin");
        String site = request.getHeader("Sec-Fetch-Site");
        boolean another = origin != null && !origin.equalsIgnoreCase(request.getScheme() + "://" + host);
        return another || (site != null && !site.equals("same-origin") && !site.equals("none"));
    }
}
