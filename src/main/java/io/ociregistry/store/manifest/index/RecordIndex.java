package io.ociregistry.store.manifest.index;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.disk.Layout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the files of every record looked when it was last read or written, so that looking again costs no reading of what did not change; and
 * what they said, most of it in the {@link IndexSnapshot} alone.
 */
public final class RecordIndex {
    private static final Logger LOG = LoggerFactory.getLogger(RecordIndex.class);
    /** So many summaries are kept in memory until they are appended to the snapshot. */
    private static final int RECENT = 500;
    /** No files of a record look like that. */
    private static final long NO_LOOK = 0;

    private final Layout layout;
    private final IndexSnapshot snapshot;
    private final QuarantinedRecords lost;
    private final FileStamps looks = new FileStamps();
    /** What the snapshot does not tell yet. */
    private final Map<Digest, ManifestSummary> recent = new ConcurrentHashMap<>();

    public RecordIndex(Layout layout, QuarantinedRecords lost) {
        this.layout = layout;
        this.lost = lost;
        this.snapshot = new IndexSnapshot(layout);
    }

    /** True if the record looked like that when it was last read or written. */
    public boolean isKnown(Digest digest, long look) {
        return looks.get(digest).equals(OptionalLong.of(look));
    }

    public boolean isKnown(Digest digest) {
        return looks.get(digest).isPresent();
    }

    /** Every record that is known. */
    public Set<Digest> known() {
        return looks.digests();
    }

    /** A record was read or written, and looks like that. Caller holds its lock. */
    public void put(ManifestSummary summary, long look) {
        looks.put(summary.digest(), look);
        recent.put(summary.digest(), summary);
    }

    /** A record is not there any more. Caller holds its lock. */
    public void remove(Digest digest) {
        looks.remove(digest);
        recent.remove(digest);
    }

    /** A record is not there any more, but may come again from the quarantine: what it said is kept for that. Caller holds its lock. */
    public void lose(ManifestSummary before) {
        boolean isToBeKept = recent.containsKey(before.digest()) && layout.isWritable();
        remove(before.digest());
        if (isToBeKept) {
            keep(before);
        }
    }

    private synchronized void keep(ManifestSummary before) {
        try {
            snapshot.append(List.of(new SummaryLine(NO_LOOK, before)));
        } catch (IOException e) {
            LOG.debug("the snapshot of the index can't be written: {}", e.toString());
        }
    }

    /** Tells what the snapshot has of records that look now as they did then. */
    public synchronized void restore(Map<Digest, Long> now, Consumer<ManifestSummary> action) {
        snapshot.forEach(now.size(), line -> {
            Digest digest = line.summary().digest();
            Long look = now.get(digest);
            if (look != null && look == line.look() && !isKnown(digest)) {
                looks.put(digest, line.look());
                action.accept(line.summary());
            }
        });
    }

    /** What was read or written last of a record, if that is not in the snapshot yet. */
    public Optional<ManifestSummary> recent(Digest digest) {
        return Optional.ofNullable(recent.get(digest));
    }

    /** What those records said, as far as that is still known. */
    public synchronized Map<Digest, ManifestSummary> lastKnown(Set<Digest> digests) {
        Map<Digest, ManifestSummary> found = new HashMap<>();
        if (!recent.keySet().containsAll(digests)) {
            snapshot.forEach(looks.size(), line -> {
                if (digests.contains(line.summary().digest())
                        && isKnown(line.summary().digest(), line.look())) {
                    found.put(line.summary().digest(), line.summary());
                }
            });
        }
        digests.forEach(digest -> recent(digest).ifPresent(known -> found.put(digest, known)));
        return found;
    }

    /** Writes to the snapshot what it does not tell, if that is much. */
    public void saveIfMuch() {
        if (recent.size() >= RECENT) {
            save();
        }
    }

    /** Writes to the snapshot what it does not tell. */
    public synchronized void save() {
        if (recent.isEmpty() || !layout.isWritable()) {
            return;
        }
        Map<Digest, ManifestSummary> saved = Map.copyOf(recent);
        List<SummaryLine> lines = new ArrayList<>();
        saved.forEach((digest, summary) -> {
            looks.get(digest).ifPresent(look -> lines.add(new SummaryLine(look, summary)));
        });
        try {
            snapshot.append(lines);
            saved.forEach(recent::remove);
            if (snapshot.isOutdated(looks.size())) {
                Set<Digest> quarantined = lost.digests();
                snapshot.compact(
                        looks.size(),
                        line -> isKnown(line.summary().digest(), line.look())
                                || quarantined.contains(line.summary().digest()));
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("the snapshot of the index can't be written: {}", e.toString());
        }
    }
}
