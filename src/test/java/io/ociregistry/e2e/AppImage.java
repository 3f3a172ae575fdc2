package io.ociregistry.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.StreamSupport;

/**
 * A real image in an OCI layout, made by umoci: two small layers, one incompressible layer of 200 MB, and an index over
 * linux/amd64 and linux/arm64. Its tag in the layout is {@value #TAG}. Digests are strings as in the JSON:
 * "sha256:...".
 */
record AppImage(Path layout) {
    static final String TAG = "1.0";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MEGABYTE = 1 << 20;

    static AppImage build(Path directory) {
        return build(directory, 200 * MEGABYTE);
    }

    /** Builds the image with another size of the largest layer. */
    static AppImage build(Path directory, int largest) {
        Peers.require("umoci", "skopeo");
        try {
            var image = new AppImage(directory.resolve("layout"));
            umoci("init", "--layout", image.layout.toString());
            image.platform("arm64", List.of(random(directory, 3 * MEGABYTE)));
            image.platform(
                    "amd64",
                    List.of(random(directory, MEGABYTE), random(directory, 2 * MEGABYTE), random(directory, largest)));
            image.tagIndexOver("amd64", "arm64");
            return image;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void push(DockerRegistry registry, String repository) {
        push(registry, repository, TAG);
    }

    void push(DockerRegistry registry, String repository, String tag) {
        Program.run(
                "skopeo-push",
                List.of(
                        "skopeo",
                        "copy",
                        "--all",
                        "--preserve-digests",
                        "--dest-creds=" + DockerRegistry.USER + ":" + DockerRegistry.PASSWORD,
                        "--dest-cert-dir=" + registry.authority().getParent(),
                        "oci:" + layout + ":" + TAG,
                        "docker://" + registry.hostAndPort() + "/" + repository + ":" + tag));
    }

    String index() {
        return descriptorTagged(TAG).get("digest").asText();
    }

    String manifest(String architecture) {
        return descriptorTagged(architecture).get("digest").asText();
    }

    /** Returns the digests that a client on the platform needs: index, manifest, config, layers. */
    List<String> digests(String architecture) {
        var manifest = json(manifest(architecture));
        var digests = new ArrayList<>(List.of(index(), manifest(architecture)));
        digests.add(manifest.at("/config/digest").asText());
        manifest.get("layers").forEach(layer -> digests.add(layer.get("digest").asText()));
        return List.copyOf(digests);
    }

    /** Returns the file that contains the bytes of the digest. */
    Path blob(String digest) {
        return layout.resolve("blobs").resolve(digest.replace(':', '/'));
    }

    private void platform(String architecture, List<Path> contents) {
        var reference = layout + ":" + architecture;
        umoci("new", "--image", reference);
        umoci("config", "--image", reference, "--os", "linux", "--architecture", architecture);
        for (var content : contents) {
            umoci("insert", "--rootless", "--image", reference, content.toString(), "/data/" + content.getFileName());
        }
    }

    private void tagIndexOver(String... architectures) throws IOException {
        var index = JSON.createObjectNode()
                .put("schemaVersion", 2)
                .put("mediaType", "application/vnd.oci.image.index.v1+json");
        var manifests = index.putArray("manifests");
        for (var architecture : architectures) {
            var manifest = ((ObjectNode) descriptorTagged(architecture)).without("annotations");
            manifests.add(manifest);
            ((ObjectNode) manifests.get(manifests.size() - 1))
                    .putObject("platform")
                    .put("architecture", architecture)
                    .put("os", "linux");
        }
        tag(JSON.writeValueAsBytes(index));
    }

    private void tag(byte[] index) throws IOException {
        var digest = "sha256:" + sha256(index);
        Files.write(blob(digest), index);
        var top = (ObjectNode) JSON.readTree(layout.resolve("index.json").toFile());
        top.withArray("manifests")
                .addObject()
                .put("mediaType", "application/vnd.oci.image.index.v1+json")
                .put("digest", digest)
                .put("size", index.length)
                .putObject("annotations")
                .put("org.opencontainers.image.ref.name", TAG);
        JSON.writeValue(layout.resolve("index.json").toFile(), top);
    }

    private JsonNode descriptorTagged(String tag) {
        var manifests = read(layout.resolve("index.json")).get("manifests");
        return StreamSupport.stream(manifests.spliterator(), false)
                .filter(manifest -> tag.equals(manifest.path("annotations")
                        .path("org.opencontainers.image.ref.name")
                        .asText()))
                .findFirst()
                .orElseThrow();
    }

    private JsonNode json(String digest) {
        return read(blob(digest));
    }

    private static JsonNode read(Path file) {
        try {
            return JSON.readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the same bytes in every run, so that a failure can be reproduced. */
    private static Path random(Path directory, int size) throws IOException {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return Files.write(directory.resolve(size + ".bin"), bytes);
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void umoci(String... arguments) {
        var command = new ArrayList<>(List.of("umoci"));
        command.addAll(List.of(arguments));
        Program.run("umoci-" + arguments[0], command);
    }
}
