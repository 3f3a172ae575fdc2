package io.ociregistry.web.send;

import io.ociregistry.config.address.AddressRange;
import io.ociregistry.config.address.IpLiteral;
import io.ociregistry.oci.Text;
import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the address of the client behind reverse proxies, for the log only: the address gives no right. Thread-safe.
 *
 * <p>{@code X-Forwarded-For} is read only from the peers in {@code trustedProxies}, because any client can send it.
 * Each proxy appends the address of its peer, so the address of the client is the last one that is not a trusted proxy.
 */
public final class TrustedProxies {
    private static final String HEADER = "X-Forwarded-For";
    private static final Pattern WITH_PORT = Pattern.compile("([0-9.]+|\\[[^\\]]*\\]):[0-9]+");

    private final Supplier<List<AddressRange>> trusted;

    /**
     * Creates a finder.
     *
     * @param trusted returns the current value of {@code trustedProxies}
     */
    public TrustedProxies(Supplier<List<AddressRange>> trusted) {
        this.trusted = trusted;
    }

    String clientOf(HttpServletRequest request) {
        return clientOf(request.getRemoteAddr(), name -> Collections.list(request.getHeaders(name)));
    }

    /**
     * Returns the address of the client, or of the last proxy before the first address that can't be trusted.
     *
     * @param peer the address from which the connection was opened
     * @param headers returns the values of a header; not called if no proxy is trusted
     */
    public String clientOf(String peer, Function<String, List<String>> headers) {
        String client = peer;
        if (trusted.get().isEmpty()) {
            return client;
        }
        List<String> hops = hops(headers.apply(HEADER));
        for (int i = hops.size() - 1; i >= 0 && isTrusted(client); i--) {
            Optional<InetAddress> hop = address(hops.get(i));
            if (hop.isEmpty()) {
                break;
            }
            client = hop.get().getHostAddress();
        }
        return client;
    }

    /** Returns the client and the proxy of a request, and the address of this server at which it arrived. */
    public String describe(HttpServletRequest request) {
        String client = clientOf(request);
        String peer = request.getRemoteAddr();
        String claimed = request.getHeader(HEADER);
        String proxy = "";
        if (!client.equals(peer)) {
            proxy = " through the proxy " + peer;
        } else if (claimed != null) {
            proxy = ", which is not in trustedProxies and forwarded the request of \"" + Text.printable(claimed)
                    + "\",";
        }
        return client + proxy + " at " + request.getLocalAddr() + ":" + request.getLocalPort();
    }

    private static List<String> hops(List<String> lines) {
        return lines.stream()
                .flatMap(line -> Arrays.stream(line.split(",", -1)))
                .map(String::strip)
                .toList();
    }

    private boolean isTrusted(String address) {
        return address(address)
                .filter(known -> AddressRange.anyContains(trusted.get(), known.getAddress()))
                .isPresent();
    }

    /** Parses an address, without its zone or port. */
    private static Optional<InetAddress> address(String text) {
        Matcher port = WITH_PORT.matcher(text);
        return IpLiteral.parse((port.matches() ? port.group(1) : text).replaceFirst("%[^\\]]*", ""));
    }
}
