package io.ociregistry.config.address;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;

/**
 * The grammar of registry names in the configuration. The message of an IllegalArgumentException says what to write.
 */
public final class HostPort {
    public static final String WILDCARD = "*.";

    private HostPort() {}

    /**
     * Parses a registry name, or a wildcard for all hosts below a domain such as {@code *.corp.example}. A wildcard
     * with fewer labels is refused, because it would match hosts of unrelated owners.
     */
    public static String parseOrWildcard(String text) {
        if (!text.startsWith(WILDCARD)) {
            if (text.contains("*")) {
                throw new IllegalArgumentException(
                        "'" + text + "' is not a valid wildcard; a * can only stand before a domain: *.corp.example");
            }
            return parse(text);
        }
        var domain = parse(text.substring(WILDCARD.length()));
        if (!domain.matches("([^.:]+\\.)+[^.:]*[a-z][^.:]*(:[0-9]+)?")) {
            throw new IllegalArgumentException(
                    "'" + text + "' matches too many registries; write a wildcard for one domain, for example"
                            + " *.corp.example");
        }
        return WILDCARD + domain;
    }

    /** Returns the name in lower case, without the port 443, and {@code docker.io} for all names of Docker Hub. */
    public static String parse(String text) {
        if (text.contains("*")) {
            throw new IllegalArgumentException(
                    "'" + text + "' is a wildcard, which is only allowed as the name of an entry under registries");
        }
        if (text.contains("/")) {
            throw new IllegalArgumentException("'" + text
                    + "' is not host[:port]; remove the scheme and the path, and write a URL under endpoint");
        }
        try {
            return RegistryName.parse(text).canonical().toString();
        } catch (RegistryException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not host[:port]; write for example quay.io or registry.local:5000", e);
        }
    }
}
