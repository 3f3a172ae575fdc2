package io.ociregistry.store.manifest.format;

import io.ociregistry.oci.MediaType;
import io.ociregistry.store.disk.Layout;
import java.util.List;

/** The {@code type} of a record, and the key of the parsed copy of its manifest for {@code jq} and the Go program. */
public enum RecordType {
    DOCKER_LIST(0, MediaType.DOCKER_LIST, "v2.docker.manifestList", GoManifests.DOCKER_LIST, Layout.Kind.INDEX),
    DOCKER_MANIFEST(1, MediaType.DOCKER_MANIFEST, "v2.docker.manifest", GoManifests.DOCKER_MANIFEST, Layout.Kind.IMAGE),
    OCI_INDEX(2, MediaType.OCI_INDEX, "v1.oci.index", GoManifests.OCI_INDEX, Layout.Kind.INDEX),
    OCI_MANIFEST(3, MediaType.OCI_MANIFEST, "v1.oci.manifest", GoManifests.OCI_MANIFEST, Layout.Kind.IMAGE),
    OTHER(4, MediaType.NONE, "", new GoSchema.Struct(), Layout.Kind.OTHER);

    /** The types with a parsed copy, in the order of their keys in a record. */
    static final List<RecordType> WITH_COPY = List.of(OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST);

    final int number;

    @SuppressWarnings("ImmutableEnumChecker") // a record of a string
    final MediaType mediaType;

    final String copyKey;

    @SuppressWarnings("ImmutableEnumChecker") // not changed after initialization
    final GoSchema.Struct copy;

    public final Layout.Kind kind;

    RecordType(int number, MediaType mediaType, String copyKey, GoSchema.Struct copy, Layout.Kind kind) {
        this.number = number;
        this.mediaType = mediaType;
        this.copyKey = copyKey;
        this.copy = copy;
        this.kind = kind;
    }

    public static RecordType of(MediaType mediaType) {
        for (RecordType type : values()) {
            if (type.mediaType.equals(mediaType)) {
                return type;
            }
        }
        return OTHER;
    }

    static RecordType of(int number) {
        return number >= 0 && number < OTHER.number ? values()[number] : OTHER;
    }
}
