package io.ociregistry.store.manifest.index;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.Directories;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.format.DamagedRecordParser;
import io.ociregistry.store.manifest.format.RecordFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the lost records: those that exist only in quarantine, with the blobs that they named (ADR 28).
 *
 * <p>The {@link IndexSnapshot} usually knows the blobs, because a manifest with the same digest always names the same
 * blobs. Otherwise they are read from the damaged file. Only {@link #forget} writes. Thread-safe.
 */
public final class QuarantinedRecords {
    private static final Logger LOG = LoggerFactory.getLogger(QuarantinedRecords.class);

    private final Layout layout;
    private final long maxBytes;

    public QuarantinedRecords(Layout layout, long maxManifestBytes) {
        this.layout = layout;
        this.maxBytes = RecordFormat.maxBytes(maxManifestBytes);
    }

    /**
     * Returns all lost records.
     *
     * @throws IOException if the quarantine can't be listed, or if a file can't be read that the snapshot does not know
     */
    public List<QuarantinedRecord> find() throws IOException {
        Map<Digest, List<Path>> files = files();
        files.keySet().removeIf(this::hasRecord);
        if (files.isEmpty()) {
            return List.of();
        }
        Map<Digest, ManifestSummary> last = new HashMap<>();
        new IndexSnapshot(layout).forEach(Integer.MAX_VALUE, line -> {
            if (files.containsKey(line.summary().digest())) {
                last.put(line.summary().digest(), line.summary());
            }
        });
        List<QuarantinedRecord> lost = new ArrayList<>();
        for (Map.Entry<Digest, List<Path>> each : files.entrySet()) {
            Path file = each.getValue().get(each.getValue().size() - 1);
            ManifestSummary known = last.get(each.getKey());
            lost.add(known == null ? read(each.getKey(), each.getValue()) : of(known, file));
        }
        return lost;
    }

    /** Returns the digests of all records in quarantine, whether or not a valid record exists by now. */
    Set<Digest> digests() throws IOException {
        return files().keySet();
    }

    /**
     * Deletes the records of the given manifests from the quarantine.
     *
     * @throws IOException if the quarantine can't be listed; a file that can't be deleted is only logged
     */
    public void forget(Set<Digest> digests) throws IOException {
        files().forEach((digest, all) -> {
            if (digests.contains(digest)) {
                all.forEach(QuarantinedRecords::delete);
            }
        });
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(Layout.reasonFile(file));
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("deleting {} failed: {}", file, e.toString());
        }
    }

    private Map<Digest, List<Path>> files() throws IOException {
        Map<Digest, List<Path>> files = new HashMap<>();
        boolean isComplete = Directories.list(
                layout, layout.corrupt(), Layout::isQuarantinedRecord, file -> Layout.quarantinedDigest(file)
                        .ifPresent(digest -> files.computeIfAbsent(digest, unused -> new ArrayList<>(1))
                                .add(file)));
        if (!isComplete) {
            throw new IOException(
                    layout.corrupt() + ", which may contain quarantined records, can't be read; the log says why");
        }
        return files;
    }

    private boolean hasRecord(Digest digest) {
        return Stream.of(Layout.Kind.values())
                .map(kind -> layout.record(kind, digest))
                .anyMatch(Files::exists);
    }

    private static QuarantinedRecord of(ManifestSummary known, Path file) {
        Set<Digest> named = new HashSet<>(known.children());
        known.blobs().forEach(blob -> named.add(blob.digest()));
        Map<ImageReference, Instant> names = known.references().stream()
                .collect(Collectors.toMap(RecordedReference::name, RecordedReference::checked, (one, other) -> one));
        return new QuarantinedRecord(known.digest(), file.toString(), named, names);
    }

    private QuarantinedRecord read(Digest digest, List<Path> files) throws IOException {
        Set<Digest> named = new HashSet<>();
        Map<ImageReference, Instant> names = new HashMap<>();
        for (Path file : files) {
            try (InputStream content = Files.newInputStream(file)) {
                DamagedRecordParser damaged = new DamagedRecordParser(content.readNBytes(Math.toIntExact(maxBytes)));
                named.addAll(damaged.digests());
                damaged.names().forEach(name -> names.put(name, Instant.MAX));
            }
        }
        return new QuarantinedRecord(digest, files.get(files.size() - 1).toString(), named, names);
    }
}
