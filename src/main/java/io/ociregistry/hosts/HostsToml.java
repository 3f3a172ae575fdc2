package io.ociregistry.hosts;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.config.address.HostPort;
import io.ociregistry.config.address.ServerUrl;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryName;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A {@code hosts.toml} for containerd 1.x and 2.x that sends pulls to a server.
 *
 * <p>The grammars of the parts admit no quote, backslash or control character, so the parts need no escapes in TOML.
 * The first line has a checksum of the other lines, by which {@link HostsDirectory} recognizes a file without changes.
 */
public final class HostsToml {
    private static final Pattern CA = Pattern.compile("/[A-Za-z0-9._/@+~-]+");
    private static final Pattern FIRST_LINE =
            Pattern.compile("# Written by ociregistry [^\\n]*, checksum ([0-9a-f]{16})\\. [^\\n]*\\n");
    private static final int CHECKSUM_DIGITS = 16;
    private static final String ALL_REGISTRIES = "_default";
    private static final String CA_HINT = """
          # The certificates that verify the cache, if those of the node's operating system do not:
          # ca = "/etc/containerd/cache-ca.pem"
        """;
    /** The host of Docker Hub that serves its API. */
    private static final String DOCKER_HUB = "registry-1.docker.io";

    private final URI server;
    private final Optional<RegistryName> registry;
    private final Optional<String> ca;

    private HostsToml(URI server, Optional<RegistryName> registry, Optional<String> ca) {
        this.server = server;
        this.registry = registry;
        this.ca = ca;
    }

    /**
     * Makes a file of the parts that a user gave.
     *
     * @param server the URL of the server
     * @param registry the registry whose pulls go to the server; empty for all registries
     * @param ca the absolute path on the node of the certificates that verify the server
     * @throws IllegalArgumentException if a part is malformed; the message says what to write
     */
    public static HostsToml of(String server, Optional<String> registry, Optional<String> ca) {
        var url = ServerUrl.parse(server);
        ca.ifPresent(path -> checkCa(url, path));
        return new HostsToml(url, registry.map(HostsToml::registry), ca);
    }

    private static RegistryName registry(String text) {
        if (text.equalsIgnoreCase(ALL_REGISTRIES)) {
            throw new IllegalArgumentException(
                    text + " is not a registry, but the file for all registries; name no registry");
        }
        return RegistryName.parse(HostPort.parse(text));
    }

    private static void checkCa(URI server, String path) {
        if (!CA.matcher(path).matches()) {
            throw new IllegalArgumentException("'" + path
                    + "' is not an absolute path of letters, digits and ._/@+~-, like /etc/containerd/cache-ca.pem");
        }
        if (server.getScheme().equals("http")) {
            throw new IllegalArgumentException(
                    server + " has no TLS, so containerd ignores the certificates " + path + "; write https://");
        }
    }

    /** Returns the name of the directory in which containerd looks for this file. */
    String directory() {
        return registry.map(RegistryName::toString).orElse(ALL_REGISTRIES);
    }

    /** Returns the content of the file. */
    public String text() {
        String lines = lines();
        return "# Written by ociregistry " + BuildInfo.read().version() + ", checksum " + checksum(lines)
                + ". The command \"ociregistry hosts\" leaves this file alone if a line was changed.\n" + lines;
    }

    /** Whether a text is one that {@link #text} returned, in this or another version, without any change. */
    static boolean isUnchanged(String text) {
        var first = FIRST_LINE.matcher(text);
        return first.lookingAt() && first.group(1).equals(checksum(text.substring(first.end())));
    }

    /** Whether a text has the first line of this program; the other lines may be changed. */
    static boolean isMarked(String text) {
        return FIRST_LINE.matcher(text).lookingAt();
    }

    private static String checksum(String lines) {
        return Digest.of(lines.getBytes(StandardCharsets.UTF_8)).hex().substring(0, CHECKSUM_DIGITS);
    }

    private String lines() {
        return """
            # Sends the pulls of %s through the cache. containerd reads this file at every pull.
            # If the cache does not answer, containerd pulls from the registry itself.
            %s
            [host."%s"]
              capabilities = ["pull", "resolve"]
              # Limits the delay of a pull while the cache is down. containerd before 2.0.7 ignores it and waits 30 s.
              dial_timeout = "2s"
            """.formatted(
                                registry.map(RegistryName::toString).orElse("all registries"),
                                registry.map(name -> "\nserver = \"" + home(name) + "\"\n")
                                        .orElse(""),
                                server)
                + caLine();
    }

    /** Returns the address that containerd uses for a registry without this file. */
    private static String home(RegistryName registry) {
        return "https://" + (registry.equals(RegistryName.DOCKER_HUB) ? DOCKER_HUB : registry);
    }

    private String caLine() {
        if (server.getScheme().equals("http")) {
            return "";
        }
        return ca.map(path -> "  ca = \"" + path + "\"\n").orElse(CA_HINT);
    }
}
