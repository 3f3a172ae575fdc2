package io.ociregistry.config;

import java.util.Locale;
import java.util.regex.Pattern;

/** The grammar of a registry's name: {@code host[:port]}, the host a DNS name or an IP literal. */
final class RegistryName {
    private static final Pattern HOST = Pattern.compile(
            "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*|\\[[0-9a-f:.]+]");
    private static final int MAX_LENGTH = 255;

    private RegistryName() {}

    /** The name in lower case; an IllegalArgumentException says what to write instead. */
    static String parse(String text) {
        var name = text.toLowerCase(Locale.ROOT);
        if (name.contains("*")) {
            throw new IllegalArgumentException(
                    "'" + text + "' is a wildcard, which is not in this build; name each registry");
        }
        if (name.contains("/")) {
            throw new IllegalArgumentException("'" + text
                    + "' is not host[:port]; leave out the scheme and the path, an address goes to endpoint");
        }
        var colon = name.startsWith("[") ? name.indexOf(':', name.indexOf(']') + 1) : name.indexOf(':');
        var host = colon < 0 ? name : name.substring(0, colon);
        if (name.length() > MAX_LENGTH
                || !HOST.matcher(host).matches()
                || (colon >= 0 && !isPort(name.substring(colon + 1)))) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not host[:port]; write for example quay.io or registry.local:5000");
        }
        return name;
    }

    /** What two names of one registry have in common: {@code host:443} is {@code host}. */
    static String canonical(String name) {
        return name.endsWith(":443") ? name.substring(0, name.length() - ":443".length()) : name;
    }

    private static boolean isPort(String text) {
        return text.matches("[1-9][0-9]{0,4}") && Integer.parseInt(text) <= 65535;
    }
}
