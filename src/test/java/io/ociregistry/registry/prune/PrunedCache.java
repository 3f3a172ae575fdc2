package io.ociregistry.registry.prune;

import io.ociregistry.metrics.Metrics;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.blob.DiskIncompleteImages;
import io.ociregistry.store.blob.DiskLinkStore;
import io.ociregistry.store.blob.DiskListStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.store.manifest.DiskManifestStore;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A cache on a real disk with the stores of a server, and pruners of it. */
public final class PrunedCache {
    /** A time at which every file of the test is older than the grace period. */
    static final Instant NOW = Instant.parse("2100-01-01T00:00:00Z");

    final Path root;
    final DiskManifestStore records;
    final DiskBlobStore blobs;
    final ContentIndex catalog = new ContentIndex(false);
    final DiskLinkStore links;
    final DiskListStore lists;
    final AtomicLong nanos = new AtomicLong(1);
    private final Layout layout;
    private Optional<ReferencePatterns> pins = Optional.empty();

    PrunedCache(Path root) throws IOException {
        this(root, DiskQuota.unlimited());
    }

    PrunedCache(Path root, DiskQuota space) throws IOException {
        this.root = root;
        this.layout = new Layout(root);
        layout.create();
        this.records = Records.in(layout);
        this.blobs = new DiskBlobStore(layout, new Quarantine(layout), () -> Duration.ofSeconds(1), space, nanos::get);
        this.links = new DiskLinkStore(layout);
        this.lists = new DiskListStore(layout);
        links.create(List.of());
    }

    PrunedCache pin(String patterns) {
        pins = Optional.of(ReferencePatterns.parse(patterns));
        return this;
    }

    Pruner pruner() {
        return pruner(NOW);
    }

    Pruner pruner(Instant now) {
        return pruner(now, gone -> {});
    }

    /** A pruner that runs the action after it removed names, and before it deletes blobs. */
    Pruner pruner(Instant now, Consumer<Set<ImageReference>> onRemoved) {
        return new Pruner(
                new PrunedStore(records, blobs, links, lists, new DiskIncompleteImages(layout)),
                catalog,
                () -> pins,
                Clock.fixed(now, ZoneOffset.UTC),
                onRemoved,
                new Metrics().maintenance());
    }

    /** A request to remove the images that match a pattern. */
    static PruneRequest request(String pattern) {
        return new PruneRequest(new PrunePolicy.Matching(ReferencePatterns.parse(pattern)), false);
    }

    PruneReport prune(String pattern) {
        return pruner().prune(request(pattern));
    }

    PruneReport prune(PrunePolicy policy) {
        return pruner().prune(new PruneRequest(policy, false));
    }

    PruneReport dryRun(String pattern) {
        return pruner().prune(new PruneRequest(new PrunePolicy.Matching(ReferencePatterns.parse(pattern)), true));
    }

    /** Stores a manifest under a name, as if a client pulled it at the given time. */
    Manifest store(Manifest manifest, String name, Instant time) {
        records.confirm(manifest, ImageReference.parse(name), time, record -> catalog.add(ManifestSummary.of(record)));
        return manifest;
    }

    Manifest store(Manifest manifest, String name) {
        return store(manifest, name, NOW.minus(Duration.ofHours(5)));
    }

    /** Writes the file of a blob. */
    Digest blob(Digest digest, int size) throws IOException {
        Files.write(root.resolve("blobs").resolve(digest.hex()), new byte[size]);
        return digest;
    }

    public static Digest digest(String of) {
        return Digest.of(of.getBytes(StandardCharsets.UTF_8));
    }

    public static Manifest image(List<Digest> layers) {
        return image(layers, Optional.empty());
    }

    static Manifest image(List<Digest> layers, Optional<Digest> subject) {
        String list = layers.stream()
                .map(layer ->
                        "{'mediaType':'application/vnd.oci.image.layer.v1.tar','digest':'" + layer + "','size':5}")
                .collect(Collectors.joining(","));
        String about = subject.map(digest -> ",'subject':{'digest':'" + digest + "','size':5}")
                .orElse("");
        return manifest("{'schemaVersion':2,'mediaType':'" + MediaType.OCI_MANIFEST + "','layers':[" + list + "]"
                + about + "}");
    }

    static Manifest index(List<Digest> children) {
        String list = children.stream()
                .map(child -> "{'digest':'" + child + "','size':5}")
                .collect(Collectors.joining(","));
        return manifest("{'schemaVersion':2,'mediaType':'" + MediaType.OCI_INDEX + "','manifests':[" + list + "]}");
    }

    private static Manifest manifest(String json) {
        return Manifest.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), MediaType.NONE);
    }

    List<ManifestSummary> summaries() {
        List<ManifestSummary> found = new ArrayList<>();
        Records.in(layout).forEach(record -> found.add(ManifestSummary.of(record)));
        return found;
    }

    /** Returns all names in the records on disk. */
    Set<String> names() {
        return summaries().stream()
                .flatMap(record -> record.references().stream())
                .map(RecordedReference::name)
                .map(ImageReference::toString)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    Set<Digest> storedBlobs() {
        return blobs.files().stream().map(BlobFile::digest).collect(Collectors.toSet());
    }

    /** Returns every file of the cache with its size. */
    Map<String, Long> files() throws IOException {
        Map<String, Long> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                found.put(root.relativize(file).toString(), Files.size(file));
            }
        }
        return found;
    }
}
