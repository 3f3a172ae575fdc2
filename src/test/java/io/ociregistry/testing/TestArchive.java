package io.ociregistry.testing;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.airlift.compress.zstd.ZstdOutputStream;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** A builder of image archives that writes each entry itself, so that a test can make any defect. */
public final class TestArchive {
    public static final String FULL_NAME = "io.containerd.image.name";
    public static final String REF_NAME = "org.opencontainers.image.ref.name";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** The compression of the archive. */
    @FunctionalInterface
    public interface Packing {
        Packing PLAIN = out -> out;
        Packing GZIP = GZIPOutputStream::new;
        Packing ZSTD = ZstdOutputStream::new;

        OutputStream pack(OutputStream out) throws IOException;
    }

    private final Map<String, byte[]> files = new LinkedHashMap<>();
    private final Map<String, String> links = new LinkedHashMap<>();
    private final ArrayNode manifests = JSON.createArrayNode();
    private final ArrayNode saved = JSON.createArrayNode();
    private String prefix = "";

    /** An image in the archive, with its layers. */
    public record Image(Digest digest, int size, String type, Digest config, List<Digest> layers, String architecture) {
        ObjectNode descriptor() {
            ObjectNode descriptor = JSON.createObjectNode()
                    .put("mediaType", type)
                    .put("digest", digest.toString())
                    .put("size", size);
            if (!architecture.isEmpty()) {
                descriptor.putObject("platform").put("os", "linux").put("architecture", architecture);
            }
            return descriptor;
        }
    }

    /** Sets the prefix of all entry names. */
    public TestArchive prefix(String text) {
        prefix = text;
        return this;
    }

    public TestArchive file(String name, byte[] content) {
        files.put(name, content);
        return this;
    }

    public TestArchive link(String name, String target) {
        links.put(name, target);
        return this;
    }

    public byte[] content(Digest digest) {
        return files.get(entry(digest));
    }

    public TestArchive remove(Digest digest) {
        files.remove(entry(digest));
        return this;
    }

    public static String entry(Digest digest) {
        return "blobs/" + digest.algorithm() + "/" + digest.hex();
    }

    /** Returns reproducible bytes. */
    public static byte[] random(int seed, int size) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    public Digest blob(byte[] content) {
        return blob(Digest.Algorithm.SHA256, content);
    }

    public Digest blob(Digest.Algorithm algorithm, byte[] content) {
        Digest digest = Digest.of(algorithm, content);
        files.put(entry(digest), content);
        return digest;
    }

    /** Adds an OCI image for the architecture with layers of this content. */
    public Image image(String architecture, byte[]... layers) {
        return image(Digest.Algorithm.SHA256, architecture, layers);
    }

    public Image image(Digest.Algorithm algorithm, String architecture, byte[]... layers) {
        return manifest(algorithm, architecture, JSON.createObjectNode(), layers);
    }

    /** Adds an artifact that refers to a subject. */
    public Image referrer(Image subject, byte[]... layers) {
        ObjectNode more = JSON.createObjectNode().put("artifactType", "application/vnd.test.signature");
        more.set("subject", subject.descriptor());
        return manifest(Digest.Algorithm.SHA256, "", more, layers);
    }

    private Image manifest(Digest.Algorithm algorithm, String architecture, ObjectNode more, byte[]... layers) {
        byte[] config = config(architecture, layers);
        ObjectNode manifest =
                JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_MANIFEST.value());
        Digest configDigest = blob(algorithm, config);
        manifest.set("config", descriptor("application/vnd.oci.image.config.v1+json", configDigest, config.length));
        ArrayNode list = manifest.putArray("layers");
        List<Digest> digests = new ArrayList<>();
        for (byte[] layer : layers) {
            Digest digest = blob(algorithm, layer);
            digests.add(digest);
            list.add(descriptor("application/vnd.oci.image.layer.v1.tar+gzip", digest, layer.length));
        }
        manifest.setAll(more);
        byte[] bytes = bytes(manifest);
        Digest digest = blob(algorithm, bytes);
        return new Image(digest, bytes.length, MediaType.OCI_MANIFEST.value(), configDigest, digests, architecture);
    }

    /** Adds an index of these images. */
    public Image index(Image... images) {
        ObjectNode index =
                JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX.value());
        ArrayNode list = index.putArray("manifests");
        for (Image image : images) {
            list.add(image.descriptor());
        }
        byte[] bytes = bytes(index);
        return new Image(blob(bytes), bytes.length, MediaType.OCI_INDEX.value(), null, List.of(), "");
    }

    /** Lists an image in the layout's index, with annotations in pairs. */
    public TestArchive list(Image image, String... annotations) {
        ObjectNode descriptor = image.descriptor();
        for (int i = 0; i < annotations.length; i += 2) {
            descriptor.withObject("/annotations").put(annotations[i], annotations[i + 1]);
        }
        manifests.add(descriptor);
        return this;
    }

    /** Lists an entry with an invalid digest. */
    public TestArchive listUnknown(String digest) {
        manifests.addObject().put("digest", digest).put("size", 1);
        return this;
    }

    /** Adds an index with named entries inside the layout's index. */
    public TestArchive listInOneIndex() {
        ObjectNode inner =
                JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX.value());
        inner.set("manifests", manifests.deepCopy());
        byte[] bytes = bytes(inner);
        manifests.removeAll();
        return list(new Image(blob(bytes), bytes.length, MediaType.OCI_INDEX.value(), null, List.of(), ""));
    }

    /** Ends an OCI layout; its index comes last, as in the output of some tools. */
    public TestArchive layout() {
        ObjectNode index = JSON.createObjectNode().put("schemaVersion", 2);
        index.set("manifests", manifests);
        file("index.json", bytes(index));
        return file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
    }

    /** Adds an entry in the format of docker save: an image with tags, whose layers are in existing entries. */
    public TestArchive save(String config, List<String> tags, String... layers) {
        ObjectNode entry = saved.addObject().put("Config", config);
        ArrayNode names = entry.putArray("RepoTags");
        tags.forEach(names::add);
        ArrayNode list = entry.putArray("Layers");
        for (String layer : layers) {
            list.add(layer);
        }
        return file("manifest.json", bytes(saved));
    }

    public static byte[] config(String architecture, byte[]... layers) {
        ObjectNode config =
                JSON.createObjectNode().put("architecture", architecture).put("os", "linux");
        ArrayNode diffs = config.putObject("rootfs").put("type", "layers").putArray("diff_ids");
        for (byte[] layer : layers) {
            diffs.add(Digest.of(layer).toString());
        }
        return bytes(config);
    }

    public byte[] tar(Packing packing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(packing.pack(bytes))) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            for (var file : files.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry(prefix + file.getKey(), true);
                entry.setSize(file.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(file.getValue());
                tar.closeArchiveEntry();
            }
            for (var link : links.entrySet()) {
                TarArchiveEntry entry = new TarArchiveEntry(prefix + link.getKey(), TarArchiveEntry.LF_SYMLINK);
                entry.setLinkName(link.getValue());
                tar.putArchiveEntry(entry);
                tar.closeArchiveEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    public Path tar(Path file, Packing packing) throws IOException {
        return Files.write(file, tar(packing));
    }

    public Path tar(Path file) throws IOException {
        return tar(file, Packing.PLAIN);
    }

    public Path directory(Path root) throws IOException {
        for (var file : files.entrySet()) {
            Path path = root.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        return root;
    }

    public static byte[] gzip(byte[] content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = Packing.GZIP.pack(bytes)) {
            out.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static ObjectNode descriptor(String type, Digest digest, long size) {
        return JSON.createObjectNode()
                .put("mediaType", type)
                .put("digest", digest.toString())
                .put("size", size);
    }

    private static byte[] bytes(Object json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
