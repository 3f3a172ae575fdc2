package io.ociregistry.store.manifest;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore.PullTimes;
import io.ociregistry.store.disk.AppendOnlyFile;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.format.RecordFormat;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The pull times of manifests, to the second, that are not in their records yet.
 *
 * <p>A pull is noted in memory only. {@link #save} appends the changes to a file of this machine, so a crash loses the
 * pulls since the last save. At most once a day the pull time of a manifest is written into its record. A pull counts
 * for all names that the manifest has in the repository. Thread-safe.
 *
 * <p>Each line has the time of the last pull and of the first note (epoch seconds), the repository and the digest. Of
 * several lines for one manifest, the latest pull counts.
 */
public final class DiskPullTimes implements PullTimes {
    private static final Duration FLUSHED_AFTER = Duration.ofDays(1);
    /** The file is rewritten when its outdated lines exceed the current ones by so many. */
    private static final int OUTDATED_LINES = 1000;

    private final AppendOnlyFile lines;
    private final Map<PulledManifest, PullTime> pullTimes = new ConcurrentHashMap<>();
    /** Guarded by "this". */
    private int linesInFile;

    DiskPullTimes(Layout layout) {
        this.lines = new AppendOnlyFile(layout, layout.pullTimes(), "times of pulls", false);
        lines.forEach(this::read);
    }

    @Override
    public void recordPull(Repository repository, Digest manifest, Instant now) {
        PulledManifest pulled = new PulledManifest(repository, manifest);
        PullTime known = pullTimes.get(pulled);
        long second = now.getEpochSecond();
        if (known == null) {
            known = pullTimes.computeIfAbsent(pulled, unused -> new PullTime(second));
        }
        if (second > known.last) {
            known.last = second;
        }
    }

    /** Returns a record with its noted pull times. */
    ManifestRecord applyTo(ManifestRecord record) {
        Digest digest = record.manifest().digest();
        return record.withPullTimes(
                repository -> Optional.ofNullable(pullTimes.get(new PulledManifest(repository, digest)))
                        .map(pullTime -> Instant.ofEpochSecond(pullTime.last)));
    }

    /** Returns pull times that are due to be written into their records. */
    List<DuePullTime> due(int atMost, Instant now) {
        long dueSince = now.minus(FLUSHED_AFTER).getEpochSecond();
        return pullTimes.entrySet().stream()
                .filter(entry -> entry.getValue().first <= dueSince)
                .limit(atMost)
                .map(entry -> new DuePullTime(entry.getKey(), entry.getValue().last))
                .toList();
    }

    /** Removes a pull time that is in its record now, or that has no record, unless it changed in the meantime. */
    void written(DuePullTime folding) {
        pullTimes.computeIfPresent(
                folding.pulled, (pulled, pullTime) -> pullTime.last == folding.last ? null : pullTime);
    }

    /** Writes the pull times noted since the last save. A failure is logged, and the next save retries. */
    synchronized void save() {
        List<String> changed = new ArrayList<>();
        pullTimes.forEach((pulled, pullTime) -> {
            long last = pullTime.last;
            if (last != pullTime.saved) {
                pullTime.saved = last;
                changed.add(line(pulled, pullTime));
            }
        });
        linesInFile += changed.size();
        if (linesInFile > 2 * pullTimes.size() + OUTDATED_LINES) {
            List<String> all = new ArrayList<>();
            pullTimes.forEach((pulled, pullTime) -> all.add(line(pulled, pullTime)));
            linesInFile = all.size();
            lines.replace(all);
        } else {
            lines.addAll(changed);
        }
    }

    private static String line(PulledManifest pulled, PullTime pullTime) {
        return pullTime.last + " " + pullTime.first + " " + pulled.repository + " " + pulled.digest;
    }

    private void read(String line) {
        linesInFile++;
        String[] words = line.split(" ", -1);
        try {
            int slash = words[2].indexOf('/');
            Repository repository =
                    new Repository(RegistryName.parse(words[2].substring(0, slash)), words[2].substring(slash + 1));
            PullTime pullTime = new PullTime(second(words[1]));
            pullTime.last = second(words[0]);
            pullTime.saved = pullTime.last;
            pullTimes.merge(
                    new PulledManifest(repository, Digest.parse(words[3])),
                    pullTime,
                    (earlier, later) -> earlier.last > later.last ? earlier : later);
        } catch (RegistryException | NumberFormatException | IndexOutOfBoundsException malformed) {
            // The record still has the time of an earlier pull.
        }
    }

    /** Parses epoch seconds, limited to the range that records can hold. */
    private static long second(String text) {
        return Math.max(0, Math.min(RecordFormat.MAX_TIME.getEpochSecond(), Long.parseLong(text)));
    }

    private record PulledManifest(Repository repository, Digest digest) {}

    /**
     * A pull time that is due to be written into a record.
     *
     * @param last epoch second of the last pull
     */
    record DuePullTime(PulledManifest pulled, long last) {
        Digest digest() {
            return pulled.digest;
        }
    }

    /**
     * The pull times of a manifest, in epoch seconds. Either of two concurrent writes may win: they differ by a second
     * at most.
     */
    private static final class PullTime {
        private final long first;
        private volatile long last;
        private volatile long saved = -1;

        PullTime(long first) {
            this.first = first;
            this.last = first;
        }
    }
}
