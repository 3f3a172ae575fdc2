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

    /** The grammar of RFC 6838 section 4.2; a manifest's own media type is sent in a header to clients. */
    private static final Pattern APPLICATION = Pattern.compile("application/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}");

    /** The types that servers send if they do not know or do not give the type of a manifest. */
    private static final Set<String> GENERIC =
            Set.of("", "application/json", "text/plain", "application/octet-stream", "binary/octet-stream");

    /**
     * The Accept header of every manifest request to an upstream, whatever the client accepts. Registries convert
     * manifests by this header, and a converted manifest cannot be fetched by digest. Schema 1 is not accepted.
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

    /** True if the type gives no information about the content. */
    public boolean isGeneric() {
        return GENERIC.contains(value);
    }

    public boolean isIndex() {
        return equals(OCI_INDEX) || equals(DOCKER_LIST);
    }

    public boolean isImage() {
        return equals(OCI_MANIFEST) || equals(DOCKER_MANIFEST);
    }

    /**
     * True for Docker's schema 1. Its digest is not that of its bytes, so it cannot be cached; current clients refuse
     * it.
     */
    public boolean isSchema1() {
        return value.startsWith("application/vnd.docker.distribution.manifest.v1");
    }

    /** True if a manifest can have this type: any JSON type under {@code application/}. */
    public boolean canBeManifest() {
        return APPLICATION.matcher(value).matches() && (value.endsWith("+json") || value.endsWith("/json"));
    }

    @Override
    public String toString() {
        return value;
    }
}
