package io.ociregistry.config.address;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;

/** Registry names as the configuration writes them, and what to tell whoever writes something else. */
public final class HostPort {
    public static final String WILDCARD = "*.";

    private HostPort() {}

    /** The same, or a wildcard for what is below a domain: {@code *.corp.example}. Fewer labels would be for hosts of anybody. */
    public static String orWildcard(String text) {
        if (!text.startsWith(WILDCARD)) {
            if (text.contains("*")) {
                throw new IllegalArgumentException(
                        "'" + text + "' is no wildcard; a * stands for all before a domain: *.corp.example");
            }
            return parse(text);
        }
        var domain = parse(text.substring(WILDCARD.length()));
        if (!domain.matches("([^.:]+\\.)+[^.:]*[a-z][^.:]*(:[0-9]+)?")) {
            throw new IllegalArgumentException(
                    "'" + text
                            + "' is for too many registries; write the domain of those that you mean, for example *.corp.example");
        }
        return WILDCARD + domain;
    }

    /** The name in lower case, without the port 443, and {@code docker.io} for all names of Docker Hub; an IllegalArgumentException says what to write instead. */
    public static String parse(String text) {
        if (text.contains("*")) {
            throw new IllegalArgumentException(
                    "'" + text + "' is a wildcard, which only the name of an entry under registries can be");
        }
        if (text.contains("/")) {
            throw new IllegalArgumentException("'" + text
                    + "' is not host[:port]; leave out the scheme and the path, an address goes to endpoint");
        }
        try {
            return RegistryName.parse(text).canonical().toString();
        } catch (RegistryException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not host[:port]; write for example quay.io or registry.local:5000", e);
        }
    }
}
