package io.ociregistry.testing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An image that was pushed. Its layers are opaque bytes, equal for equal repository, tag and seed.
 *
 * @param manifest the exact bytes
 * @param architecture as in the platform of an index
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record FakeImage(
        String repository, byte[] manifest, MediaType mediaType, Blob config, List<Blob> layers, String architecture) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** A config or a layer. */
    public record Blob(MediaType mediaType, Digest digest, Content content) {
        public long size() {
            return content.size();
        }

        ObjectNode descriptor() {
            return JSON.createObjectNode()
                    .put("mediaType", mediaType.value())
                    .put("digest", digest.toString())
                    .put("size", size());
        }
    }

    /** Returns the SHA-256 digest of the manifest. */
    public Digest digest() {
        return Digest.of(manifest);
    }

    public Digest sha512() {
        return Digest.of(Digest.Algorithm.SHA512, manifest);
    }

    /** Returns the digest of a layer; layer 0 is the base. */
    public Digest layer(int i) {
        return layers.get(i).digest;
    }

    public byte[] layerBytes(int i) {
        return layers.get(i).content.bytes();
    }

    /** Returns the descriptor of the image in an index or a list of referrers. */
    public ObjectNode descriptor() {
        ObjectNode descriptor = JSON.createObjectNode()
                .put("mediaType", mediaType.value())
                .put("digest", digest().toString())
                .put("size", manifest.length);
        descriptor.putObject("platform").put("architecture", architecture).put("os", "linux");
        return descriptor;
    }

    /** A builder of an image. */
    public static final class Builder {
        private final FakeUpstream upstream;
        private final String repository;
        private final Optional<String> tag;
        private final List<Content> layers = new ArrayList<>();
        private final ObjectNode annotations = JSON.createObjectNode();
        private long seed;
        private boolean docker;
        private String architecture = "amd64";
        private String artifactType = "";
        private Optional<FakeImage> subject = Optional.empty();
        private int manifestSize;

        Builder(FakeUpstream upstream, String repository, Optional<String> tag) {
            this.upstream = upstream;
            this.repository = repository;
            this.tag = tag;
            this.seed = (repository + ":" + tag.orElse("")).hashCode();
        }

        /** Adds a layer of this size. */
        public Builder layer(long size) {
            return layer(Content.random((seed << 8) + layers.size(), size));
        }

        public Builder layer(Content content) {
            layers.add(content);
            return this;
        }

        /** Changes the bytes of the layers; must be called before layers are added. */
        public Builder seed(long number) {
            seed = 31 * seed + number;
            return this;
        }

        /** Uses Docker's media types. */
        public Builder docker() {
            docker = true;
            return this;
        }

        public Builder architecture(String name) {
            architecture = name;
            return this;
        }

        public Builder annotation(String key, String value) {
            annotations.put(key, value);
            return this;
        }

        /** Makes the image an artifact that refers to another image, and lists it among the referrers of that image. */
        public Builder subject(FakeImage image, String type) {
            subject = Optional.of(image);
            artifactType = type;
            return this;
        }

        /** Pads the manifest to exactly this size. */
        public Builder manifestSize(int bytes) {
            manifestSize = bytes;
            return this;
        }

        public FakeImage push() {
            Blob config = blob(
                    config(), docker ? "application/vnd.docker.container.image.v1+json" : ociType("config.v1+json"));
            String layerType =
                    docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : ociType("layer.v1.tar+gzip");
            List<Blob> pushed =
                    layers.stream().map(layer -> blob(layer, layerType)).toList();
            MediaType type = docker ? MediaType.DOCKER_MANIFEST : MediaType.OCI_MANIFEST;
            byte[] manifest = manifest(type, config, pushed);
            FakeImage image = new FakeImage(repository, manifest, type, config, pushed, architecture);
            Digest digest = upstream.manifest(repository, type, manifest);
            tag.ifPresent(name -> upstream.tag(repository, name, digest));
            subject.ifPresent(to -> upstream.referrer(
                    repository,
                    to.digest(),
                    image.descriptor().put("artifactType", artifactType).toString()));
            return image;
        }

        private Blob blob(Content content, String type) {
            return new Blob(new MediaType(type), upstream.blob(repository, content), content);
        }

        private Content config() {
            ObjectNode config =
                    JSON.createObjectNode().put("architecture", architecture).put("os", "linux");
            config.put("author", "seed " + seed);
            ArrayNode diffs = config.putObject("rootfs").put("type", "layers").putArray("diff_ids");
            layers.forEach(
                    layer -> diffs.add(layer.digest(Digest.Algorithm.SHA256).toString()));
            return Content.of(config.toString());
        }

        private byte[] manifest(MediaType type, Blob config, List<Blob> pushed) {
            ObjectNode manifest =
                    JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", type.value());
            if (!artifactType.isEmpty()) {
                manifest.put("artifactType", artifactType);
            }
            manifest.set("config", config.descriptor());
            ArrayNode list = manifest.putArray("layers");
            pushed.forEach(layer -> list.add(layer.descriptor()));
            subject.ifPresent(to -> manifest.set("subject", to.descriptor()));
            manifest.set("annotations", annotations);
            int missing = manifestSize - bytes(manifest).length;
            if (missing > 0) {
                annotations.put("filler", "");
                annotations.put("filler", "x".repeat(manifestSize - bytes(manifest).length));
            }
            return bytes(manifest);
        }

        private static byte[] bytes(ObjectNode json) {
            return json.toPrettyString().getBytes(StandardCharsets.UTF_8);
        }

        private static String ociType(String rest) {
            return "application/vnd.oci.image." + rest;
        }
    }
}
