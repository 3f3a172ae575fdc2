package io.ociregistry.config.address;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/** Recognizes hosts that are literal addresses, without any lookup. */
public final class IpLiteral {
    private static final String BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    private static final Pattern IPV4 = Pattern.compile(BYTE + "(\\." + BYTE + "){3}");
    /** Hosts that the URL standard takes for IPv4: the last label is a number, which no top-level domain is. */
    private static final Pattern NUMERIC = Pattern.compile("(?i)(.*\\.)?([0-9]+|0x[0-9a-f]*)\\.?");

    private IpLiteral() {}

    /** Parses an address in its usual form, IPv6 with or without brackets; empty for a name or any other text. */
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
     * Returns whether a host is an IPv4 address in an unusual form, such as {@code 127.1}, {@code 0x7f.1}, {@code
     * 2130706433} or {@code 127.0.0.1.}. Programs disagree whether these are addresses, and which address each means.
     */
    public static boolean isAmbiguous(String host) {
        return NUMERIC.matcher(host).matches() && parse(host).isEmpty();
    }
}
