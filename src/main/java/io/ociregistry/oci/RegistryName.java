package io.ociregistry.oci;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A registry as image references name it: {@code host} or {@code host:port}, in lower case; the port 443 is left out, since it says nothing.
 *
 * @param host a DNS name, an IPv4 address, or an IPv6 address in brackets
 * @param port 1 to 65535, or 0 for none
 */
public record RegistryName(String host, int port) implements Comparable<RegistryName> {
    private static final Set<String> DOCKER_HUB_ALIASES =
            Set.of("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com");
    private static final int HTTPS = 443;
    private static final int MAX_HOST = 253;
    private static final Pattern DNS_NAME = Pattern.compile(
            "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?+(?:\\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?+)*+");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.]{2,45}]");
    private static final Pattern ASCII = Pattern.compile("[!-~]*+");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

    /** Docker Hub, by the name that image references use. */
    public static final RegistryName DOCKER_HUB = new RegistryName("docker.io", 0);

    public RegistryName {
        boolean valid = host.length() <= MAX_HOST
                && (DNS_NAME.matcher(host).matches() || IPV6.matcher(host).matches())
                && port >= 0
                && port <= 65535
                && port != HTTPS;
        if (!valid) {
            throw invalid(host + ":" + port);
        }
    }

    /**
     * Parses {@code host[:port]} as a client may write it, in any case.
     *
     * @throws RegistryException {@link ErrorCode#NAME_UNKNOWN} if that can't be a registry
     */
    public static RegistryName parse(String text) {
        if (!ASCII.matcher(text).matches()) {
            // Some letters are ASCII only once they are in lower case: the Kelvin sign would make this another
            // registry.
            throw invalid(text);
        }
        String lower = text.toLowerCase(Locale.ROOT);
        int colon = lower.lastIndexOf(':');
        if (colon < 0 || lower.endsWith("]")) {
            return checked(text, lower, 0);
        }
        String port = lower.substring(colon + 1);
        if (!PORT.matcher(port).matches() || Integer.parseInt(port) == 0) {
            throw invalid(text);
        }
        int number = Integer.parseInt(port);
        return checked(text, lower.substring(0, colon), number == HTTPS ? 0 : number);
    }

    /** The one name of a registry that is known by several: all of Docker Hub's are {@code docker.io}. */
    public RegistryName canonical() {
        return DOCKER_HUB_ALIASES.contains(toString()) ? DOCKER_HUB : this;
    }

    /**
     * True if the first component of a name is read as a registry, by the rule of docker: it has a dot or a port, or is
     * {@code localhost}.
     */
    public static boolean isUnmistakable(String component) {
        return hasDotOrPort(component) || component.equals("localhost");
    }

    /** True if a component is written as a host with a domain or a port. */
    public static boolean hasDotOrPort(String component) {
        return component.indexOf('.') >= 0 || component.indexOf(':') >= 0;
    }

    /**
     * The name with its port, also where that is 443. No name of a repository has a colon, so it can only be a
     * registry.
     */
    public String withPort() {
        return host + ":" + (port == 0 ? HTTPS : port);
    }

    @Override
    public int compareTo(RegistryName other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
        return port == 0 ? host : host + ":" + port;
    }

    private static RegistryName checked(String text, String host, int port) {
        try {
            return new RegistryName(host, port);
        } catch (RegistryException e) {
            throw invalid(text);
        }
    }

    private static RegistryException invalid(String text) {
        return new RegistryException(
                ErrorCode.NAME_UNKNOWN,
                Text.quoted(text) + " can't be a registry: expected a host name or address, with or without :port");
    }
}
