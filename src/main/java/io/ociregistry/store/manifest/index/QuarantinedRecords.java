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
 * The records in quarantine that are there nowhere else. What they named is told by the {@link IndexSnapshot}, since a digest names the same blobs for
 * ever, or else by what of them can be read. Only reads, but for {@link #forget}.
 */
public final class QuarantinedRecords {
    private static final Logger LOG = LoggerFactory.getLogger(QuarantinedRecords.class);

    private final Layout layout;
    private final long mostBytes;

    public QuarantinedRecords(Layout layout, long maxManifestBytes) {
        this.layout = layout;
        this.mostBytes = RecordFormat.mostBytes(maxManifestBytes);
    }

    /**
     * All of them.
     *
     * @throws IOException if the disk does not tell which there are, or what one says that only its file tells of
     */
    public List<QuarantinedRecord> find() throws IOException {
        Map<Digest, List<Path>> files = files();
        files.keySet().removeIf(this::isThere);
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

    /** Every digest of which a record is in quarantine, whether there is another by now or not. */
    Set<Digest> digests() throws IOException {
        return files().keySet();
    }

    /** Deletes the records of these manifests from the quarantine: nobody wants them any more. */
    public void forget(Set<Digest> digests) throws IOException {
        files().forEach((digest, all) -> {
            if (digests.contains(digest)) {
                all.forEach(QuarantinedRecords::delete);
            }
        });
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(Layout.reason(file));
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("deleting {}: {}", file, e.toString());
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
                    layout.corrupt() + " can't be read, where records are that went bad; the log tells why");
        }
        return files;
    }

    private boolean isThere(Digest digest) {
        return Stream.of(Layout.Kind.values())
                .map(kind -> layout.record(kind, digest))
                .anyMatch(Files::exists);
    }

    private static QuarantinedRecord of(ManifestSummary known, Path file) {
        Set<Digest> named = new HashSet<>(known.children());
        known.blobs().forEach(blob -> named.add(blob.digest()));
        Map<ImageReference, Instant> names = known.references().stream()
                .collect(Collectors.toMap(RecordedReference::name, RecordedReference::checked, (one, other) -> one));
        return new QuarantinedRecord(known.digest(), file, named, names);
    }

    private QuarantinedRecord read(Digest digest, List<Path> files) throws IOException {
        Set<Digest> named = new HashSet<>();
        Map<ImageReference, Instant> names = new HashMap<>();
        for (Path file : files) {
            try (InputStream content = Files.newInputStream(file)) {
                DamagedRecordParser remains = new DamagedRecordParser(content.readNBytes(Math.toIntExact(mostBytes)));
                named.addAll(remains.digests());
                remains.names().forEach(name -> names.put(name, Instant.MAX));
            }
        }
        return new QuarantinedRecord(digest, files.get(files.size() - 1), named, names);
    }
}
