package io.ociregistry.testing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An index that was pushed; a Docker manifest list if its images have Docker's media types.
 *
 * @param bytes the exact bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FakeIndex(String repository, byte[] bytes, MediaType mediaType, List<FakeImage> images) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    static FakeIndex of(String repository, List<FakeImage> images) {
        boolean docker = images.stream().anyMatch(image -> image.mediaType().equals(MediaType.DOCKER_MANIFEST));
        MediaType type = docker ? MediaType.DOCKER_LIST : MediaType.OCI_INDEX;
        ObjectNode index = JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", type.value());
        ArrayNode manifests = index.putArray("manifests");
        images.forEach(image -> manifests.add(image.descriptor()));
        return new FakeIndex(repository, index.toPrettyString().getBytes(StandardCharsets.UTF_8), type, images);
    }

    public Digest digest() {
        return Digest.of(bytes);
    }
}
