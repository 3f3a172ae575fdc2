package io.ociregistry.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.store.ManifestStore.RecordChanges;
import io.ociregistry.store.ManifestStore.Removal;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of {@link ManifestStore}. */
@ParameterizedClass
@MethodSource("io.ociregistry.store.StoreHome#factories")
class ManifestStoreConformanceTest extends StoreConformance {
    private static final ImageReference V1 = name("quay.io/team/app:v1");
    private static final ImageReference V2 = name("quay.io/team/app:v2");
    private static final ImageReference ELSEWHERE = name("ghcr.io/other:v1");

    private final Manifest manifest = manifest(1);
    private final Digest digest = manifest.digest();
    private final ManifestRecord external =
            new ManifestRecord(manifest(2), List.of(RecordedReference.confirmed(V1, NOW)));
    private final Digest externalDigest = external.manifest().digest();

    private ManifestStore records() {
        return store.manifests();
    }

    @Test
    void absentManifestIsNoHit() throws IOException {
        assertTrue(records().find(digest).isEmpty());
        assertTrue(records().record(digest).isEmpty());
        assertTrue(records().unreadableReason(digest).isEmpty());
        assertTrue(records().unreadableReason(V1.reference()).isEmpty());
        assertEquals(Set.of(), records().digests());
        assertEquals(List.of(), all());
        assertEquals(0, records().bytes());
        assertEquals(List.of(), records().lostRecords());
    }

    @Test
    void confirmedNamesAreFoundAfterReopen() throws IOException {
        records().confirm(manifest, V1, NOW);
        records().confirm(manifest, ELSEWHERE, NOW.plusSeconds(1));
        assertRecorded();
        reopen();
        assertRecorded();
        reopenReadOnly();
        assertRecorded();
    }

    private void assertRecorded() throws IOException {
        assertEquals(manifest.bytes(), records().find(digest).orElseThrow().bytes());
        assertEquals(manifest.mediaType(), records().find(digest).orElseThrow().mediaType());
        assertEquals(Set.of(V1, ELSEWHERE), names(digest));
        assertEquals(Set.of(digest), records().digests());
        assertEquals(1, all().size());
        assertEquals(digest, all().get(0).manifest().digest());
        assertEquals(2, all().get(0).references().size());
        assertTrue(records().isSaved(digest));
        assertTrue(records().bytes() >= manifest.size());
    }

    @Test
    void confirmationMovesTheTimeOfTheCheckOnly() {
        records().confirm(manifest, V1, NOW);
        Instant later = NOW.plusSeconds(10);
        List<ManifestRecord> seen = new ArrayList<>();
        ManifestRecord confirmed = records().confirm(manifest, V1, later, seen::add);
        assertEquals(List.of(confirmed), seen);
        RecordedReference name =
                records().record(digest).orElseThrow().references().get(0);
        assertEquals(new RecordedReference(V1, NOW, NOW, later), name);
    }

    @Test
    void removedLastNameOfRepositoryLeavesTheDigest() throws IOException {
        records().confirm(manifest, V1, NOW);
        records().confirm(manifest, ELSEWHERE, NOW);
        List<Digest> then = new ArrayList<>();
        records().removeName(digest, V1, () -> then.add(digest));
        assertEquals(List.of(digest), then);
        reopen();
        assertEquals(Set.of(new ImageReference(V1.repository(), digest), ELSEWHERE), names(digest));
    }

    @Test
    void removalKeepsTheRemainingNames() throws IOException {
        records().confirm(manifest, V1, NOW);
        records().confirm(manifest, V2, NOW);
        KeepOnly keep = new KeepOnly(V2::equals);
        assertTrue(records().remove(digest, keep));
        assertEquals(List.of(2, 1), keep.sizes);
        records().force();
        reopen();
        assertEquals(Set.of(V2), names(digest));
    }

    @Test
    void removalOfAllNamesDeletesTheRecord() throws IOException {
        records().confirm(manifest, V1, NOW);
        scan();
        assertTrue(records().remove(digest, new KeepOnly(name -> false)));
        assertTrue(records().find(digest).isEmpty());
        assertEquals(List.of(), scan(), "this process made the change");
        records().force();
        reopen();
        assertTrue(records().find(digest).isEmpty());
        assertEquals(Set.of(), records().digests());
        assertFalse(records().remove(digest, new KeepOnly(name -> false)), "there is no record");
    }

    @Test
    void removalOfNothingChangesNothing() throws IOException {
        records().confirm(manifest, V1, NOW);
        KeepOnly keep = new KeepOnly(name -> true);
        assertFalse(records().remove(digest, keep));
        assertEquals(List.of(), keep.sizes);
    }

    /** Keeps the names that match, and notes the numbers of names before and after. */
    private record KeepOnly(Predicate<ImageReference> wanted, List<Integer> sizes) implements Removal {
        KeepOnly(Predicate<ImageReference> wanted) {
            this(wanted, new ArrayList<>());
        }

        @Override
        public List<RecordedReference> remaining(ManifestRecord record) {
            return record.references().stream()
                    .filter(reference -> wanted.test(reference.name()))
                    .toList();
        }

        @Override
        public void removed(ManifestRecord before, List<RecordedReference> left) {
            sizes.addAll(List.of(before.references().size(), left.size()));
        }
    }

    @Test
    void firstScanReportsEveryRecord() throws IOException {
        records().confirm(manifest, V1, NOW);
        home.addRecord(external, 5);
        assertTrue(records().mayHaveChanged());
        assertEquals(List.of("added " + externalDigest), scan(), "the caller confirmed the other one itself");
        reopen();
        assertEquals(Set.of("added " + digest, "added " + externalDigest), Set.copyOf(scan()));
        records().saveIndex();
        reopen();
        assertEquals(Set.of("added " + digest, "added " + externalDigest), Set.copyOf(scan()));
    }

    @Test
    void scanReportsChangesOfOtherProgramsOnly() throws IOException {
        scan();
        records().confirm(manifest, V1, NOW);
        scan();
        assertEquals(List.of(), scan());
        records().confirm(manifest, V2, NOW);
        assertEquals(List.of(), scan(), "this process made the change");

        home.addRecord(external, 5);
        assertTrue(records().mayHaveChanged());
        assertEquals(List.of("added " + externalDigest), scan());
        assertEquals(
                external.manifest().bytes(),
                records().find(externalDigest).orElseThrow().bytes());

        home.addRecord(external.withConfirmed(V2, NOW), 4);
        assertEquals(List.of("changed " + externalDigest + " 1 2"), scan());
        assertEquals(Set.of(V1, V2), names(externalDigest));

        home.removeRecord(external);
        assertEquals(List.of("removed " + externalDigest), scan());
        assertTrue(records().find(externalDigest).isEmpty());
        assertEquals(List.of(), scan());
    }

    @Test
    void changeOfOneRecordIsFoundByItsDigest() throws IOException {
        scan();
        home.addRecord(external, 5);
        Changes changes = new Changes();
        records().detectChanges(digest, changes);
        assertEquals(List.of(), changes.seen);
        records().detectChanges(externalDigest, changes);
        records().detectChanges(externalDigest, changes);
        assertEquals(List.of("added " + externalDigest), changes.seen);
    }

    private List<String> scan() {
        Changes changes = new Changes();
        records().detectChanges(changes);
        return changes.seen;
    }

    private static final class Changes implements RecordChanges {
        private final List<String> seen = new ArrayList<>();

        @Override
        public void added(ManifestSummary added) {
            seen.add("added " + added.digest());
        }

        @Override
        public void changed(ManifestSummary before, ManifestSummary now) {
            seen.add("changed " + now.digest() + " " + before.references().size() + " "
                    + now.references().size());
        }

        @Override
        public void removed(ManifestSummary removed) {
            seen.add("removed " + removed.digest());
        }
    }

    @Test
    void damagedRecordIsLostUntilItIsForgotten() throws IOException {
        records().confirm(manifest, ELSEWHERE, NOW);
        home.addRecord(external, 5);
        scan();
        records().saveIndex();
        home.damageRecord(external);
        assertEquals(List.of("removed " + externalDigest), scan());
        assertTrue(records().find(externalDigest).isEmpty());
        assertEquals(Set.of(ELSEWHERE), names(digest), "other records are not affected");
        QuarantinedRecord lost = records().lostRecords().get(0);
        assertEquals(externalDigest, lost.digest());
        assertEquals(Set.of(V1), lost.names().keySet());
        reopen();
        assertEquals(List.of(lost), records().lostRecords());
        records().forgetLost(Set.of(digest));
        assertEquals(1, records().lostRecords().size());
        records().forgetLost(Set.of(externalDigest));
        assertEquals(List.of(), records().lostRecords());
    }

    @Test
    void confirmedRecordIsNoLongerLost() throws IOException {
        home.addRecord(external, 5);
        home.damageRecord(external);
        assertTrue(records().record(externalDigest).isEmpty());
        assertEquals(1, records().lostRecords().size());
        records().confirm(external.manifest(), V1, NOW);
        assertEquals(List.of(), records().lostRecords());
    }

    @Test
    void pullTimesAreWrittenIntoRecordsAfterADay() throws IOException {
        Instant pulled = NOW.plusSeconds(100);
        records().confirm(manifest, V1, NOW);
        records().pullTimes().recordPull(REPOSITORY, digest, pulled);
        assertEquals(pulled, all().get(0).references().get(0).pulled());
        records().save();
        reopen();
        assertEquals(pulled, all().get(0).references().get(0).pulled());
        records().flushPullTimes(pulled.plusSeconds(60));
        assertEquals(
                NOW, records().record(digest).orElseThrow().references().get(0).pulled());
        records().flushPullTimes(pulled.plus(Duration.ofDays(2)));
        assertEquals(
                pulled,
                records().record(digest).orElseThrow().references().get(0).pulled());
    }

    @Test
    void readOnlyStoreKeepsNewNamesInMemory() throws IOException {
        records().confirm(manifest, V1, NOW);
        reopenReadOnly();
        records().confirm(manifest, V2, NOW);
        records().confirm(external.manifest(), V2, NOW);
        assertFalse(records().isSaved(digest));
        assertEquals(Set.of(V1, V2), names(digest));
        assertEquals(
                external.manifest().bytes(),
                records().find(externalDigest).orElseThrow().bytes());
        records().save();
        reopen();
        assertEquals(Set.of(V1), names(digest));
        assertTrue(records().find(externalDigest).isEmpty());
    }

    private List<ManifestRecord> all() {
        List<ManifestRecord> all = new ArrayList<>();
        records().forEach(all::add);
        return all;
    }

    private Set<ImageReference> names(Digest digest) {
        return records().record(digest).orElseThrow().references().stream()
                .map(RecordedReference::name)
                .collect(Collectors.toSet());
    }
}
