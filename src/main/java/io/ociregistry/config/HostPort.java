package io.ociregistry.config;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;

/** Registry names as the configuration writes them, and what to tell whoever writes something else. */
final class HostPort {
    private HostPort() {}

    /** The name in lower case, without the port 443, and {@code docker.io} for all names of Docker Hub; an IllegalArgumentException says what to write instead. */
    static String parse(String text) {
        if (text.contains("*")) {
            throw new IllegalArgumentException(
                    "'" + text + "' is a wildcard, which is not in this build; name each registry");
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
