package io.ociregistry.store.manifest;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.ManifestRecord;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Records that the disk did not take, up to 16 MiB in memory.
 *
 * <p>Beyond the limit the oldest are dropped and fetched again when a client asks for them. Reads take no lock.
 * Thread-safe.
 */
final class PendingWrites {
    private static final long MAX_BYTES = 16L << 20;

    private final Map<Digest, ManifestRecord> records = new ConcurrentHashMap<>();
    // Both fields are guarded by "this".
    private final Set<Digest> oldestFirst = new LinkedHashSet<>();
    private long bytes;

    Optional<ManifestRecord> find(Digest digest) {
        return Optional.ofNullable(records.get(digest));
    }

    boolean isEmpty() {
        return records.isEmpty();
    }

    synchronized List<Digest> digests() {
        return List.copyOf(oldestFirst);
    }

    synchronized void put(ManifestRecord record) {
        Digest digest = record.manifest().digest();
        ManifestRecord earlier = records.put(digest, record);
        oldestFirst.add(digest);
        bytes += record.weight() - (earlier == null ? 0 : earlier.weight());
        while (bytes > MAX_BYTES && oldestFirst.size() > 1) {
            remove(oldestFirst.iterator().next());
        }
    }

    synchronized void remove(Digest digest) {
        ManifestRecord removed = records.remove(digest);
        if (removed != null) {
            oldestFirst.remove(digest);
            bytes -= removed.weight();
        }
    }
}
