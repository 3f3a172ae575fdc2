package io.ociregistry.store;

import io.ociregistry.oci.MediaType;
import java.util.Map;

/** The {@code type} of a record, and where the parsed copy of the manifest stands in it: what {@code jq} and the Go program look for. */
enum RecordType {
    DOCKER_LIST(0, MediaType.DOCKER_LIST, "v2.docker.manifestList", Layout.Kind.INDEX),
    DOCKER_MANIFEST(1, MediaType.DOCKER_MANIFEST, "v2.docker.manifest", Layout.Kind.IMAGE),
    OCI_INDEX(2, MediaType.OCI_INDEX, "v1.oci.index", Layout.Kind.INDEX),
    OCI_MANIFEST(3, MediaType.OCI_MANIFEST, "v1.oci.manifest", Layout.Kind.IMAGE),
    OTHER(4, MediaType.NONE, "", Layout.Kind.OTHER);

    /** What the other three parsed copies hold: never absent, never filled. */
    static final Map<String, String> EMPTY_COPIES = Map.of(
            OCI_INDEX.copyKey, "{\"schemaVersion\":0,\"manifests\":null}",
            OCI_MANIFEST.copyKey,
                    "{\"schemaVersion\":0,\"config\":{\"mediaType\":\"\",\"digest\":\"\",\"size\":0},\"layers\":null}",
            DOCKER_LIST.copyKey, "{\"schemaVersion\":0,\"mediaType\":\"\",\"manifests\":null}",
            DOCKER_MANIFEST.copyKey, "{\"schemaVersion\":0,\"config\":{},\"layers\":null}");

    final int number;

    @SuppressWarnings("ImmutableEnumChecker") // a record of a string
    final MediaType mediaType;

    final String copyKey;
    final Layout.Kind kind;

    RecordType(int number, MediaType mediaType, String copyKey, Layout.Kind kind) {
        this.number = number;
        this.mediaType = mediaType;
        this.copyKey = copyKey;
        this.kind = kind;
    }

    static RecordType of(MediaType mediaType) {
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
