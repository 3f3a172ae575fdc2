package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records in quarantine that are there nowhere else. What they named is told by what of them can be read, and by the {@link Snapshot}: a
 * digest names the same blobs for ever. Only reads, but for {@link #forget}.
 */
final class LostRecords {
    private static final Logger LOG = LoggerFactory.getLogger(LostRecords.class);

    private final Layout layout;
    private final long mostBytes;

    LostRecords(Layout layout, long maxManifestBytes) {
        this.layout = layout;
        this.mostBytes = RecordFormat.mostBytes(maxManifestBytes);
    }

    /** All of them, as far as the disk tells. */
    List<LostRecord> find() {
        Map<Digest, List<Path>> files = files();
        files.keySet().removeIf(this::isThere);
        if (files.isEmpty()) {
            return List.of();
        }
        Map<Digest, ManifestSummary> last = new HashMap<>();
        new Snapshot(layout).forEach(Integer.MAX_VALUE, line -> {
            if (files.containsKey(line.summary().digest())) {
                last.put(line.summary().digest(), line.summary());
            }
        });
        List<LostRecord> lost = new ArrayList<>();
        files.forEach((digest, all) -> lost.add(lost(digest, all, last)));
        return lost;
    }

    /** Every digest of which a record is in quarantine, whether there is another by now or not. */
    Set<Digest> digests() {
        return files().keySet();
    }

    /** Deletes the records of these manifests from the quarantine: nobody wants them any more. */
    void forget(Set<Digest> digests) {
        files().forEach((digest, all) -> {
            if (digests.contains(digest)) {
                all.forEach(LostRecords::delete);
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

    private Map<Digest, List<Path>> files() {
        Map<Digest, List<Path>> files = new HashMap<>();
        Directories.list(layout.corrupt(), Layout::isQuarantinedRecord, file -> Layout.quarantinedDigest(file)
                .ifPresent(digest -> files.computeIfAbsent(digest, unused -> new ArrayList<>(1))
                        .add(file)));
        return files;
    }

    private boolean isThere(Digest digest) {
        return Stream.of(Layout.Kind.values())
                .map(kind -> layout.record(kind, digest))
                .anyMatch(Files::exists);
    }

    private LostRecord lost(Digest digest, List<Path> files, Map<Digest, ManifestSummary> last) {
        Set<Digest> named = new HashSet<>();
        Set<ImageReference> names = new HashSet<>();
        for (Path file : files) {
            Remains remains = new Remains(read(file));
            named.addAll(remains.digests());
            names.addAll(remains.names());
        }
        ManifestSummary known = last.get(digest);
        if (known != null) {
            known.blobs().forEach(blob -> named.add(blob.digest()));
            named.addAll(known.children());
            // What a bad record tells may be another name by one letter.
            names.clear();
            known.references().forEach(reference -> names.add(reference.name()));
        }
        return new LostRecord(digest, files.get(files.size() - 1), named, names);
    }

    private byte[] read(Path file) {
        try (InputStream content = Files.newInputStream(file)) {
            return content.readNBytes(Math.toIntExact(mostBytes));
        } catch (IOException e) {
            LOG.warn("reading {}, which was quarantined: {}", file, e.toString());
            return new byte[0];
        }
    }
}
