package io.ociregistry.store.manifest;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ManifestRecord;
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
 * When clients got manifests last, to the second, as far as their records do not tell yet.
 *
 * <p>A pull is noted in memory alone. {@link #save} appends what changed to a file of this machine, so a crash costs what was noted since;
 * once a day at most a manifest's note is folded into its record. A pull counts for all names that the manifest has in that repository.
 *
 * <p>One line each: last pull and first note (epoch seconds), repository, digest. Later lines win.
 */
public final class PullTimes {
    private static final Duration FOLDED_AFTER = Duration.ofDays(1);
    /** Outdated lines, beside as many as there are others, before the file is written anew. */
    private static final int OUTDATED_LINES = 1000;

    private final AppendOnlyFile lines;
    private final Map<Pulled, Note> notes = new ConcurrentHashMap<>();
    /** Guarded by "this". */
    private int linesInFile;

    PullTimes(Layout layout) {
        this.lines = new AppendOnlyFile(layout, layout.pullTimes(), "times of pulls", false);
        lines.forEach(this::read);
    }

    /** Notes that a client gets a manifest. Waits for nobody, and writes nothing. */
    public void note(Repository repository, Digest manifest, Instant now) {
        Pulled pulled = new Pulled(repository, manifest);
        Note known = notes.get(pulled);
        long second = now.getEpochSecond();
        if (known == null) {
            known = notes.computeIfAbsent(pulled, unused -> new Note(second));
        }
        if (second > known.last) {
            known.last = second;
        }
    }

    /** A record with the times that were noted of it. */
    ManifestRecord applied(ManifestRecord record) {
        Digest digest = record.manifest().digest();
        return record.pulled(repository -> Optional.ofNullable(notes.get(new Pulled(repository, digest)))
                .map(note -> Instant.ofEpochSecond(note.last)));
    }

    /** Some of what is to be folded into records, as it stands now. */
    List<Folding> due(int atMost, Instant now) {
        long longAgo = now.minus(FOLDED_AFTER).getEpochSecond();
        return notes.entrySet().stream()
                .filter(entry -> entry.getValue().first <= longAgo)
                .limit(atMost)
                .map(entry -> new Folding(entry.getKey(), entry.getValue().last))
                .toList();
    }

    /** Its record tells it now, or there is none. */
    void folded(Folding folding) {
        notes.computeIfPresent(folding.pulled, (pulled, note) -> note.last == folding.last ? null : note);
    }

    /** Writes what was noted since the last time, if the disk takes it. */
    synchronized void save() {
        List<String> changed = new ArrayList<>();
        notes.forEach((pulled, note) -> {
            long last = note.last;
            if (last != note.saved) {
                note.saved = last;
                changed.add(line(pulled, note));
            }
        });
        linesInFile += changed.size();
        if (linesInFile > 2 * notes.size() + OUTDATED_LINES) {
            List<String> all = new ArrayList<>();
            notes.forEach((pulled, note) -> all.add(line(pulled, note)));
            linesInFile = all.size();
            lines.replace(all);
        } else {
            lines.addAll(changed);
        }
    }

    private static String line(Pulled pulled, Note note) {
        return note.last + " " + note.first + " " + pulled.repository + " " + pulled.digest;
    }

    private void read(String line) {
        linesInFile++;
        String[] words = line.split(" ", -1);
        try {
            int slash = words[2].indexOf('/');
            Repository repository =
                    new Repository(RegistryName.parse(words[2].substring(0, slash)), words[2].substring(slash + 1));
            Note note = new Note(second(words[1]));
            note.last = second(words[0]);
            note.saved = note.last;
            notes.merge(
                    new Pulled(repository, Digest.parse(words[3])),
                    note,
                    (earlier, later) -> earlier.last > later.last ? earlier : later);
        } catch (RegistryException | NumberFormatException | IndexOutOfBoundsException torn) {
            // One time that is not known: another one is, of an earlier pull.
        }
    }

    /** No clock can mean another one, and nothing could compute with it. */
    private static long second(String text) {
        return Math.max(0, Math.min(RecordFormat.LAST.getEpochSecond(), Long.parseLong(text)));
    }

    /** A manifest as one repository shows it. */
    private record Pulled(Repository repository, Digest digest) {}

    /** A note that is to be folded into a record, and what it says. */
    record Folding(Pulled pulled, long last) {
        Digest digest() {
            return pulled.digest;
        }
    }

    /** What is noted of a manifest. Of two that write at a time either may win: it is the same second, or nearly. */
    private static final class Note {
        private final long first;
        private volatile long last;
        private volatile long saved = -1;

        Note(long first) {
            this.first = first;
            this.last = first;
        }
    }
}
