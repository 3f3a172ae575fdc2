package io.ociregistry.upstream.address;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/** Hosts that are addresses. Nothing is ever looked up. */
public final class IpLiteral {
    private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(BYTE + "(\\." + BYTE + "){3}");
    /** What the rules of URLs take for IPv4: no top-level domain is a number. */
    private static final Pattern NUMERIC = Pattern.compile("(?i)(.*\\.)?([0-9]+|0x[0-9a-f]*)\\.?");

    private IpLiteral() {}

    /** The address that a host is in its usual form, IPv6 with or without brackets; empty if it is a name or anything else. */
    public static Optional<InetAddress> parse(String host) {
        boolean brackets = host.startsWith("[") && host.endsWith("]");
        String text = brackets ? host.substring(1, host.length() - 1) : host;
        if (text.indexOf(':') < 0 && (brackets || !IPV4.matcher(text).matches())) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(text));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    /**
     * True for an IPv4 address in any other form, like {@code 127.1}, {@code 0x7f.1}, {@code 2130706433} or {@code 127.0.0.1.}: some programs
     * read them as an address, others do not, and two not as the same.
     */
    static boolean isDisguised(String host) {
        return NUMERIC.matcher(host).matches() && parse(host).isEmpty();
    }
}
