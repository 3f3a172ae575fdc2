package io.ociregistry.archive;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the archive format of {@code docker save} before docker 25, which other tools still write.
 *
 * <p>{@code manifest.json} lists the config, the layers and the tags of each image. The archive does not contain the
 * image manifest, so a manifest is built, and its digest differs from that in the registry. Layers are verified by
 * {@code rootfs.diff_ids} of the config.
 */
final class DockerSave {
    static final String INDEX = "manifest.json";
    private static final MediaType CONFIG = new MediaType("application/vnd.oci.image.config.v1+json");
    private static final Pattern DIGEST_IN_NAME = Pattern.compile("(?:.*/|sha256:)?([0-9a-f]{64})(?:\\.json)?");

    record Image(String config, List<String> tags, List<String> layers) {}

    private final ArchiveFiles files;
    private final int maxConfigBytes;
    private final Map<Digest, String> entries = new HashMap<>();

    private DockerSave(ArchiveFiles files, int maxConfigBytes) {
        this.files = files;
        this.maxConfigBytes = maxConfigBytes;
    }

    /** Returns true if the archive has this format. */
    static boolean isIn(ArchiveFiles files) {
        return files.has(INDEX);
    }

    static ArchiveContents read(ArchiveFiles files, int maxConfigBytes) throws ArchiveException {
        return new DockerSave(files, maxConfigBytes).read();
    }

    /** Returns the images that {@code manifest.json} lists. */
    static List<Image> images(ArchiveFiles files) throws ArchiveException {
        List<Image> images = new ArrayList<>();
        for (JsonNode node : ArchiveJson.read(files, INDEX)) {
            if (!node.path("Config").isTextual()) {
                throw new ArchiveException(files.path(), INDEX, "it lists an image without a Config");
            }
            images.add(new Image(
                    real(files, node.path("Config").asText("")),
                    texts(node.path("RepoTags")),
                    real(files, texts(node.path("Layers")))));
        }
        return images;
    }

    private ArchiveContents read() throws ArchiveException {
        List<Image> images = images(files);
        Map<String, byte[]> configs = configs(images);
        Set<String> layers = new LinkedHashSet<>();
        images.forEach(image -> layers.addAll(image.layers()));
        Map<String, DockerLayer> read = layers(layers);
        Map<Digest, Manifest> manifests = new HashMap<>();
        Map<Digest, ArchivedNames> names = new LinkedHashMap<>();
        for (Image image : images) {
            Manifest manifest = manifest(image, config(configs, image), read);
            manifests.put(manifest.digest(), manifest);
            names.computeIfAbsent(manifest.digest(), unused -> new ArchivedNames())
                    .addAll(image.tags());
        }
        List<ArchivedImage> found = new ArrayList<>();
        names.forEach((digest, known) -> found.add(known.toImage(digest)));
        return new ArchiveContents(
                found, List.of(), manifests, digest -> entries.getOrDefault(digest, ""), Set.of(), true);
    }

    private Map<String, byte[]> configs(Collection<Image> images) throws ArchiveException {
        Set<String> names = new LinkedHashSet<>();
        images.forEach(image -> names.add(image.config()));
        Map<String, byte[]> configs = files.readFully(names, maxConfigBytes);
        for (var config : configs.entrySet()) {
            Digest digest = Digest.of(config.getValue());
            Matcher named = DIGEST_IN_NAME.matcher(config.getKey());
            if (named.matches() && !digest.hex().equals(named.group(1))) {
                throw new ArchiveException(
                        files.path(), config.getKey(), "its name has another digest than its content, " + digest);
            }
            entries.put(digest, config.getKey());
        }
        return configs;
    }

    private byte[] config(Map<String, byte[]> configs, Image image) throws ArchiveException {
        byte[] config = configs.get(image.config());
        if (config == null) {
            throw new ArchiveException(files.path(), image.config(), "it was removed while the archive was being read");
        }
        return config;
    }

    private Map<String, DockerLayer> layers(Set<String> names) throws ArchiveException {
        Map<String, DockerLayer> layers = new HashMap<>();
        try {
            files.read(names, (name, content) -> {
                DockerLayer layer = DockerLayer.read(files.path(), name, content);
                layers.put(name, layer);
                entries.put(layer.digest(), name);
            });
        } catch (ArchiveException e) {
            throw e;
        } catch (IOException e) {
            throw new ArchiveException(files.path(), "its layers cannot be read: " + TarReader.reason(e));
        }
        return layers;
    }

    private Manifest manifest(Image image, byte[] config, Map<String, DockerLayer> read) throws ArchiveException {
        List<String> diffs = texts(
                ArchiveJson.parse(files, image.config(), config).path("rootfs").path("diff_ids"));
        if (diffs.size() != image.layers().size()) {
            throw new ArchiveException(
                    files.path(),
                    image.config(),
                    "it lists " + diffs.size() + " layers, but " + INDEX + " lists "
                            + image.layers().size());
        }
        ObjectNode json = ArchiveJson.JSON
                .createObjectNode()
                .put("schemaVersion", 2)
                .put("mediaType", MediaType.OCI_MANIFEST.value());
        json.set("config", descriptor(CONFIG, Digest.of(config), config.length));
        ArrayNode array = json.putArray("layers");
        for (int i = 0; i < diffs.size(); i++) {
            String name = image.layers().get(i);
            DockerLayer layer = layer(name, diffs.get(i), read);
            array.add(descriptor(layer.mediaType(), layer.digest(), layer.size()));
        }
        return Manifest.parse(json.toString().getBytes(StandardCharsets.UTF_8), MediaType.OCI_MANIFEST);
    }

    private DockerLayer layer(String name, String diff, Map<String, DockerLayer> read) throws ArchiveException {
        DockerLayer layer = Optional.ofNullable(read.get(name))
                .orElseThrow(() -> new ArchiveException(files.path(), name, "it is missing"));
        if (!layer.diffId().toString().equals(diff)) {
            throw new ArchiveException(
                    files.path(),
                    name,
                    "the image's config says that its digest is " + diff + ", but it is " + layer.diffId());
        }
        return layer;
    }

    private static ObjectNode descriptor(MediaType type, Digest digest, long size) {
        return ArchiveJson.JSON
                .createObjectNode()
                .put("mediaType", type.value())
                .put("digest", digest.toString())
                .put("size", size);
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(each -> texts.add(each.asText("")));
        return texts;
    }

    private static List<String> real(ArchiveFiles files, List<String> names) throws ArchiveException {
        List<String> real = new ArrayList<>();
        for (String name : names) {
            real.add(real(files, name));
        }
        return real;
    }

    private static String real(ArchiveFiles files, String name) throws ArchiveException {
        return files.resolveLinks(SafePaths.normalize(files.path(), name));
    }
}
