package io.ociregistry.oci;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A manifest or index: its exact bytes, and the descriptors in them. Immutable.
 *
 * <p>The bytes are never rewritten, because their digest names the manifest. Any JSON manifest is accepted, also one
 * of an unknown media type. Descriptors are read from {@code manifests}, {@code config}, {@code layers}, {@code blobs}
 * and {@code subject}.
 */
public final class Manifest {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final byte[] bytes;
    private final MediaType mediaType;
    private final Digest digest;
    private final List<Descriptor> children;
    private final List<Descriptor> blobs;
    private final Optional<Descriptor> config;
    private final Optional<Descriptor> subject;

    private Manifest(byte[] bytes, MediaType mediaType, JsonNode json) {
        this.bytes = bytes;
        this.mediaType = mediaType;
        this.digest = Digest.of(bytes);
        this.children = descriptors(json, "manifests");
        this.blobs = descriptors(json, "config", "layers", "blobs");
        this.config = Descriptor.read(json.path("config"));
        this.subject = Descriptor.read(json.path("subject"));
    }

    /**
     * Reads a manifest that a registry sent.
     *
     * @param bytes the body; the caller must not change it afterwards
     * @param declared the Content-Type of the answer; the content decides if this is generic or contradicts the content
     * @throws RegistryException {@link ErrorCode#UPSTREAM_BAD_ANSWER} if the body is not a manifest
     */
    public static Manifest parse(byte[] bytes, MediaType declared) {
        JsonNode json = json(bytes, declared);
        MediaType type = typeOf(json, declared);
        if (type.isSchema1() || json.path("schemaVersion").asInt() == 1) {
            throw bad("it is a Docker schema 1 manifest, which no current client accepts; pull an image that was pushed"
                    + " since 2017");
        }
        if (json.hasNonNull("manifests") && (json.hasNonNull("layers") || json.hasNonNull("config"))) {
            // Some clients would read it as an index, others as an image: GHSA-qq97-vm5h-rrhg.
            throw bad("it has both \"manifests\" and \"layers\" or \"config\"");
        }
        return new Manifest(bytes, type, json);
    }

    /** Returns a new read-only view of the exact bytes. */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** Returns a copy of the exact bytes. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    public int size() {
        return bytes.length;
    }

    public MediaType mediaType() {
        return mediaType;
    }

    /** The SHA-256 digest of the bytes. */
    public Digest digest() {
        return digest;
    }

    /** Whether the bytes have this digest, of either algorithm. */
    public boolean hasDigest(Digest other) {
        return other.algorithm() == digest.algorithm() ? digest.equals(other) : other.matches(bytes);
    }

    /** The manifests that an index lists. */
    public List<Descriptor> children() {
        return children;
    }

    /** Config and layers, or the blobs of an artifact. */
    public List<Descriptor> blobs() {
        return blobs;
    }

    /** The blobs that an offline client needs: all but foreign layers, which clients fetch from another server. */
    public List<Descriptor> distributableBlobs() {
        return blobs().stream().filter(blob -> !blob.isForeign()).toList();
    }

    /** The descriptor of the config blob; an artifact need not have one. */
    public Optional<Descriptor> config() {
        return config;
    }

    /** True for an in-toto attestation of a build tool; running the image does not need it. */
    public boolean isAttestation() {
        return blobs.stream().anyMatch(blob -> blob.mediaType().value().startsWith("application/vnd.in-toto"));
    }

    /** The manifest that this one refers to as its subject, as a signature does. */
    public Optional<Descriptor> subject() {
        return subject;
    }

    @Override
    public String toString() {
        return digest + " (" + mediaType + ")";
    }

    private static JsonNode json(byte[] bytes, MediaType declared) {
        try {
            JsonNode json = JSON.readTree(bytes);
            if (json != null && json.isObject()) {
                return json;
            }
            throw bad("it is not a JSON object (Content-Type: " + Text.quoted(declared.value()) + ")");
        } catch (IOException e) {
            // IOException and not only its subclass for syntax: text that is not UTF-8, -16 or -32 fails otherwise.
            throw bad("it is not JSON (Content-Type: " + Text.quoted(declared.value())
                    + "); is a login page or a proxy in between?");
        }
    }

    private static MediaType typeOf(JsonNode json, MediaType declared) {
        MediaType embedded = new MediaType(json.path("mediaType").asText(""));
        if (embedded.canBeManifest() && !embedded.isGeneric()) {
            return embedded;
        }
        if (!declared.isGeneric() && declared.canBeManifest() && !isContradicted(declared, json)) {
            return declared;
        }
        if (json.path("manifests").isArray()) {
            return MediaType.OCI_INDEX;
        }
        if (json.path("config").isObject() && json.path("layers").isArray()) {
            boolean docker = json.path("config").path("mediaType").asText("").startsWith("application/vnd.docker.");
            return docker ? MediaType.DOCKER_MANIFEST : MediaType.OCI_MANIFEST;
        }
        if (json.path("schemaVersion").asInt() == 1) {
            return declared;
        }
        throw bad("it is JSON, but neither its Content-Type " + Text.quoted(declared.value())
                + " nor its content is that of a manifest");
    }

    /** Whether the type is that of an index and the content an image, or the reverse: clients find nothing in it. */
    private static boolean isContradicted(MediaType declared, JsonNode json) {
        return declared.isIndex()
                ? json.path("layers").isArray()
                : declared.isImage() && json.path("manifests").isArray();
    }

    private static List<Descriptor> descriptors(JsonNode json, String... fields) {
        List<Descriptor> found = new ArrayList<>();
        for (String field : fields) {
            JsonNode value = json.path(field);
            if (value.isObject()) {
                Descriptor.read(value).ifPresent(found::add);
            }
            if (value.isArray()) {
                value.forEach(item -> Descriptor.read(item).ifPresent(found::add));
            }
        }
        return List.copyOf(found);
    }

    private static RegistryException bad(String reason) {
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER, "the body that was sent as a manifest is not usable: " + reason);
    }
}
