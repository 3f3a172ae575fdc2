package io.ociregistry.store.manifest.format;

import static io.ociregistry.store.manifest.format.GoSchema.BASE64;
import static io.ociregistry.store.manifest.format.GoSchema.NODES;
import static io.ociregistry.store.manifest.format.GoSchema.NUMBER;
import static io.ociregistry.store.manifest.format.GoSchema.TEXT;
import static io.ociregistry.store.manifest.format.GoSchema.TEXTS;
import static io.ociregistry.store.manifest.format.GoSchema.TEXT_BY_KEY;
import static io.ociregistry.store.manifest.format.GoSchema.listOf;

import com.fasterxml.jackson.databind.JsonNode;
import io.ociregistry.store.manifest.format.GoSchema.Struct;

/** The four manifest types as the Go program parses them; it reads the digests that it uses from these copies. */
final class GoManifests {
    private static final JsonNode NO_NUMBER = NODES.numberNode(0);
    private static final JsonNode NO_TEXT = NODES.textNode("");
    private static final JsonNode NONE = NODES.nullNode();

    private static final Struct OCI_DESCRIPTOR = new Struct()
            .with("mediaType", TEXT, NO_TEXT)
            .with("digest", TEXT, NO_TEXT)
            .with("size", NUMBER, NO_NUMBER)
            .with("urls", TEXTS)
            .with("annotations", TEXT_BY_KEY)
            .with("data", BASE64)
            .with("platform", platform())
            .with("artifactType", TEXT);

    private static final Struct DOCKER_DESCRIPTOR = new Struct()
            .with("mediaType", TEXT)
            .with("digest", TEXT)
            .with("size", NUMBER)
            .with("urls", TEXTS)
            .with("annotations", TEXT_BY_KEY)
            .with("platform", platform());

    static final Struct OCI_INDEX = manifest()
            .with("mediaType", TEXT)
            .with("artifactType", TEXT)
            .with("manifests", listOf(OCI_DESCRIPTOR), NONE)
            .with("subject", OCI_DESCRIPTOR)
            .with("annotations", TEXT_BY_KEY);

    static final Struct OCI_MANIFEST = manifest()
            .with("mediaType", TEXT)
            .with("config", OCI_DESCRIPTOR, OCI_DESCRIPTOR.zero())
            .with("layers", listOf(OCI_DESCRIPTOR), NONE)
            .with("annotations", TEXT_BY_KEY)
            .with("subject", OCI_DESCRIPTOR);

    static final Struct DOCKER_LIST =
            manifest().with("mediaType", TEXT, NO_TEXT).with("manifests", listOf(DOCKER_DESCRIPTOR), NONE);

    static final Struct DOCKER_MANIFEST = manifest()
            .with("mediaType", TEXT)
            .with("config", DOCKER_DESCRIPTOR, DOCKER_DESCRIPTOR.zero())
            .with("layers", listOf(DOCKER_DESCRIPTOR), NONE)
            .with("annotations", TEXT_BY_KEY);

    private GoManifests() {}

    private static Struct manifest() {
        return new Struct().with("schemaVersion", NUMBER, NO_NUMBER);
    }

    private static Struct platform() {
        return new Struct()
                .with("architecture", TEXT, NO_TEXT)
                .with("os", TEXT, NO_TEXT)
                .with("os.version", TEXT)
                .with("os.features", TEXTS)
                .with("variant", TEXT);
    }
}
