package io.ociregistry.oci;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The name of a registry in image references: {@code host} or {@code host:port}, in lower case. The port 443 is left
 * out, because it is the default.
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

    /** Docker Hub, under the name that image references use. */
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
     * Parses {@code host[:port]} in any case.
     *
     * @throws RegistryException {@link ErrorCode#NAME_UNKNOWN} if the text is not the name of a registry
     */
    public static RegistryName parse(String text) {
        if (!ASCII.matcher(text).matches()) {
            // The lower case of some other letters is ASCII: the Kelvin sign would become k, and name another registry.
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

    /** The canonical name of a registry with several names: {@code docker.io} for all names of Docker Hub. */
    public RegistryName canonical() {
        return DOCKER_HUB_ALIASES.contains(toString()) ? DOCKER_HUB : this;
    }

    /**
     * Whether the first component of an image name is a registry by Docker's rule: it has a dot or a port, or is
     * {@code localhost}.
     */
    public static boolean isRegistryComponent(String component) {
        return hasDotOrPort(component) || component.equals("localhost");
    }

    /** Whether a component has the form of a host with a domain or a port. */
    public static boolean hasDotOrPort(String component) {
        return component.indexOf('.') >= 0 || component.indexOf(':') >= 0;
    }

    /**
     * The name with its port, also if that is 443. A repository name has no colon, so the result is always read as a
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
                Text.quoted(text) + " is not the name of a registry: expected a host name or address, with or"
                        + " without :port");
    }
}
