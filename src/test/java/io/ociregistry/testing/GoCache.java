package io.ociregistry.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A cache directory as a version of the Go program leaves it. */
public final class GoCache {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** The versions with different directory layouts. */
    public enum Version {
        V1_7("fat", "img", "img", "blobs fat img pulls"),
        V1_8("fat", "img", "img", "blobs fat img"),
        V1_9("img", "img", "lts", "blobs img lts");

        private final String lists;
        private final String images;
        private final String latest;
        private final String directories;

        Version(String lists, String images, String latest, String directories) {
            this.lists = lists;
            this.images = images;
            this.latest = latest;
            this.directories = directories;
        }
    }

    private static final Map<MediaType, Integer> TYPES = Map.of(
            MediaType.DOCKER_LIST, 0, MediaType.DOCKER_MANIFEST, 1, MediaType.OCI_INDEX, 2, MediaType.OCI_MANIFEST, 3);
    private static final List<String> COPIES =
            List.of("v2.docker.manifestList", "v2.docker.manifest", "v1.oci.index", "v1.oci.manifest");
    private static final List<String> ZERO = List.of(
            "{\"schemaVersion\":0,\"mediaType\":\"\",\"manifests\":null}",
            "{\"schemaVersion\":0,\"config\":{},\"layers\":null}",
            "{\"schemaVersion\":0,\"manifests\":null}",
            "{\"schemaVersion\":0,\"config\":{\"mediaType\":\"\",\"digest\":\"\",\"size\":0},\"layers\":null}");
    /** The order of the copies in a record. */
    private static final int[] ORDER = {2, 3, 0, 1};

    private final Path root;
    private final Version version;
    private String created = "2025-04-20T20:06:04";
    private String pulled = "2025-04-20T20:07:31";

    private GoCache(Path root, Version version) {
        this.root = root;
        this.version = version;
    }

    public static GoCache create(Path root, Version version) throws IOException {
        for (String directory : version.directories.split(" ", -1)) {
            Files.createDirectories(root.resolve(directory));
        }
        return new GoCache(root, version);
    }

    /** Sets the times in further records. */
    public GoCache times(String createdTime, String pulledTime) {
        created = createdTime;
        pulled = pulledTime;
        return this;
    }

    /** Adds an image with its blobs. */
    public Path image(FakeImage image, String imageUrl) throws IOException {
        Path record = record(imageUrl, image.mediaType(), image.manifest(), directory(imageUrl, version.images));
        blob(image.config());
        for (FakeImage.Blob layer : image.layers()) {
            blob(layer);
        }
        return record;
    }

    /** Adds an index without its images. */
    public Path index(FakeIndex index, String imageUrl) throws IOException {
        return record(imageUrl, index.mediaType(), index.bytes(), directory(imageUrl, version.lists));
    }

    /** Adds a record in any directory. */
    public Path record(String imageUrl, MediaType type, byte[] manifest, String directory) throws IOException {
        Path file = root.resolve(directory).resolve(Digest.of(manifest).hex());
        ObjectNode record = version == Version.V1_7 ? of1_7(imageUrl, type, manifest) : of1_8(imageUrl, type, manifest);
        Files.writeString(file, escaped(record.toString()));
        return file;
    }

    private String directory(String imageUrl, String otherwise) {
        return imageUrl.endsWith(":latest") && version == Version.V1_9 ? version.latest : otherwise;
    }

    private void blob(FakeImage.Blob blob) throws IOException {
        Files.write(
                root.resolve("blobs").resolve(blob.digest().hex()),
                blob.content().bytes());
    }

    private ObjectNode of1_8(String imageUrl, MediaType type, byte[] manifest) throws IOException {
        ObjectNode record = JSON.createObjectNode()
                .put("type", TYPES.get(type))
                .put("digest", Digest.of(manifest).hex())
                .put("imageUrl", imageUrl)
                .put("bytes", manifest);
        copies(record, type, manifest, "v2.docker.manifest");
        return record.put("created", created).put("pulled", pulled);
    }

    private static ObjectNode of1_7(String imageUrl, MediaType type, byte[] manifest) throws IOException {
        ObjectNode record = JSON.createObjectNode();
        record.putObject("pullRequest")
                .put("pullType", 0)
                .put("org", "team")
                .put("image", "app")
                .put("reference", imageUrl.substring(imageUrl.lastIndexOf(':') + 1))
                .put("remote", imageUrl.substring(0, imageUrl.indexOf('/')));
        record.put("imageUrl", imageUrl)
                .put("mediaType", type.value())
                .put("digest", Digest.of(manifest).hex())
                .put("size", manifest.length)
                .put("bytes", manifest)
                .put("type", TYPES.get(type));
        copies(record, type, manifest, "v2.docker.Manifest");
        return record;
    }

    private static void copies(ObjectNode record, MediaType type, byte[] manifest, String dockerManifest)
            throws IOException {
        JsonNode parsed = JSON.readTree(manifest);
        for (int number : ORDER) {
            String key = number == 1 ? dockerManifest : COPIES.get(number);
            record.set(key, number == TYPES.get(type) ? parsed : JSON.readTree(ZERO.get(number)));
        }
    }

    private static String escaped(String json) {
        return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026");
    }
}
