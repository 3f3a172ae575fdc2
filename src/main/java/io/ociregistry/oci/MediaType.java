package io.ociregistry.oci;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** A media type without parameters, in lower case. */
public record MediaType(String value) {
    public static final MediaType OCI_INDEX = new MediaType("application/vnd.oci.image.index.v1+json");
    public static final MediaType OCI_MANIFEST = new MediaType("application/vnd.oci.image.manifest.v1+json");
    public static final MediaType DOCKER_LIST =
            new MediaType("application/vnd.docker.distribution.manifest.list.v2+json");
    public static final MediaType DOCKER_MANIFEST =
            new MediaType("application/vnd.docker.distribution.manifest.v2+json");
    public static final MediaType OCI_ARTIFACT = new MediaType("application/vnd.oci.artifact.manifest.v1+json");
    public static final MediaType OCTET_STREAM = new MediaType("application/octet-stream");
    public static final MediaType NONE = new MediaType("");

    /** RFC 6838 section 4.2. What a manifest says of itself goes into our headers. */
    private static final Pattern APPLICATION = Pattern.compile("application/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}");

    /** What servers send that do not know, or do not say, what a manifest is. */
    private static final Set<String> GENERIC =
            Set.of("", "application/json", "text/plain", "application/octet-stream", "binary/octet-stream");

    /**
     * What we accept from every upstream, on every manifest request, whatever the client accepts: registries convert by it, and what they
     * converted can't be fetched by digest. Schema 1 is not in it.
     */
    public static final String ACCEPT_MANIFESTS = String.join(
            ", ",
            OCI_INDEX.value,
            DOCKER_LIST.value,
            OCI_MANIFEST.value,
            DOCKER_MANIFEST.value,
            OCI_ARTIFACT.value,
            "*/*");

    public MediaType {
        int parameters = value.indexOf(';');
        value = (parameters < 0 ? value : value.substring(0, parameters))
                .strip()
                .toLowerCase(Locale.ROOT);
    }

    /** True if it does not tell what the content is. */
    public boolean isGeneric() {
        return GENERIC.contains(value);
    }

    public boolean isIndex() {
        return equals(OCI_INDEX) || equals(DOCKER_LIST);
    }

    public boolean isImage() {
        return equals(OCI_MANIFEST) || equals(DOCKER_MANIFEST);
    }

    /** True for Docker's schema 1, whose digest is not that of its bytes: it can't be cached, and current clients refuse it. */
    public boolean isSchema1() {
        return value.startsWith("application/vnd.docker.distribution.manifest.v1");
    }

    /** True if it can be that of a manifest: JSON of some application. */
    public boolean canBeManifest() {
        return APPLICATION.matcher(value).matches() && (value.endsWith("+json") || value.endsWith("/json"));
    }

    @Override
    public String toString() {
        return value;
    }
}
