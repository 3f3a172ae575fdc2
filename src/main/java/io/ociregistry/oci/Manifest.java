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
 * A manifest or index: its exact bytes, and what they say.
 *
 * <p>The bytes are never rewritten: their digest is the manifest's name. Any JSON manifest is taken, known to us or not; what refers to other
 * content is looked for in {@code manifests}, {@code config}, {@code layers}, {@code blobs} and {@code subject}.
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
     * Reads what a registry sent as a manifest.
     *
     * @param bytes not changed afterwards by the caller
     * @param declared the Content-Type it came with; where that tells nothing, or something else than the content, the content decides
     * @throws RegistryException {@link ErrorCode#UPSTREAM_BAD_ANSWER} if it can't be a manifest
     */
    public static Manifest parse(byte[] bytes, MediaType declared) {
        JsonNode json = json(bytes, declared);
        MediaType type = typeOf(json, declared);
        if (type.isSchema1() || json.path("schemaVersion").asInt() == 1) {
            throw bad(
                    "it is a Docker schema 1 manifest, which no current client accepts; ask for an image that was pushed since 2017");
        }
        if (json.hasNonNull("manifests") && (json.hasNonNull("layers") || json.hasNonNull("config"))) {
            // Read as an index by one client and as an image by another: GHSA-qq97-vm5h-rrhg.
            throw bad("it has both \"manifests\" and \"layers\" or \"config\"");
        }
        return new Manifest(bytes, type, json);
    }

    /** The exact bytes; a fresh read-only view. */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** The exact bytes; a copy. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    /** Bytes. */
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

    /** True if these bytes have that digest, of whichever algorithm. */
    public boolean is(Digest other) {
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

    /** Those without which it can't be used offline: clients fetch foreign layers from elsewhere. */
    public List<Descriptor> neededBlobs() {
        return blobs().stream().filter(blob -> !blob.isForeign()).toList();
    }

    /** The one of the blobs that says what the image is and runs on; artifacts need not have one. */
    public Optional<Descriptor> config() {
        return config;
    }

    /** True for what build tools say about how an image was made; nobody needs it to run the image. */
    public boolean isAttestation() {
        return blobs.stream().anyMatch(blob -> blob.mediaType().value().startsWith("application/vnd.in-toto"));
    }

    /** What this refers to as its subject, as signatures do. */
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
            throw bad("it is no JSON object (Content-Type: " + Text.quoted(declared.value()) + ")");
        } catch (IOException e) {
            // Not only of its syntax: text that is neither UTF-8, UTF-16 nor UTF-32 is another kind.
            throw bad("it is no JSON (Content-Type: " + Text.quoted(declared.value())
                    + "); is a login page or a proxy in between?");
        }
    }

    private static MediaType typeOf(JsonNode json, MediaType declared) {
        MediaType own = new MediaType(json.path("mediaType").asText(""));
        if (own.canBeManifest() && !own.isGeneric()) {
            return own;
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
                + " nor its content says that it is a manifest");
    }

    /** A client that takes an image for an index, or an index for an image, finds nothing in it. */
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

    private static RegistryException bad(String why) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "what came as a manifest is none: " + why);
    }
}
