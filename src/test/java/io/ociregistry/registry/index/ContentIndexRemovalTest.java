package io.ociregistry.registry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.ManifestSummary.Blob;
import io.ociregistry.store.RecordedReference;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Removed records leave no trace: the index answers every query as if it had never had them. */
class ContentIndexRemovalTest {
    private static final Instant NOW = Instant.parse("2025-06-01T12:00:00Z");
    private static final List<Repository> REPOSITORIES = Stream.of("a.example/x", "a.example/y", "b.example/x")
            .map(name -> ImageReference.parse(name + ":t").repository())
            .toList();
    private static final List<Digest> DIGESTS =
            IntStream.range(0, 8).mapToObj(i -> digest("digest " + i)).toList();
    private static final List<Tag> TAGS = List.of(Tag.parse("v1"), Tag.parse("v2"));

    @Property(tries = 300)
    void indexAfterRemovalsEqualsIndexOfTheRecordsLeft(@ForAll Random random) {
        boolean closed = random.nextBoolean();
        ContentIndex index = new ContentIndex(closed);
        List<ManifestSummary> records = new ArrayList<>();
        for (int step = 0; step < 30; step++) {
            if (records.isEmpty() || random.nextInt(3) > 0) {
                add(random, index, records);
            } else {
                remove(random, index, records);
            }
        }
        assertSame(indexOf(closed, records), index);
        while (!records.isEmpty()) {
            ManifestSummary last = records.remove(records.size() - 1);
            index.remove(last, Set.of());
        }
        assertSame(new ContentIndex(closed), index);
    }

    @Test
    void confirmedLinkStaysAfterItsRecordUntilTheBlobIsDeleted() {
        ContentIndex index = new ContentIndex(false);
        Repository repository = REPOSITORIES.get(0);
        Digest layer = DIGESTS.get(0);
        ManifestSummary image =
                image("image", List.of(new Blob(layer, 5, false)), reference(repository, TAGS.get(0), 0));
        index.add(image);
        index.confirmBlob(new ConfirmedLink(repository, layer, true));
        index.remove(image, Set.of());
        assertTrue(index.hasBlob(repository, layer) && index.isPublic(layer));
        assertTrue(index.blobSize(repository, layer).isEmpty());
        assertTrue(index.runIfUnreferenced(layer, () -> true));
        assertFalse(index.hasBlob(repository, layer) || index.isPublic(layer));
        assertSame(new ContentIndex(false), index);
    }

    @Test
    void actionRunsOnlyOnUnreferencedDigests() {
        ContentIndex index = new ContentIndex(false);
        Repository repository = REPOSITORIES.get(0);
        Digest layer = DIGESTS.get(0);
        ManifestSummary image =
                image("image", List.of(new Blob(layer, 5, false)), reference(repository, TAGS.get(0), 0));
        index.add(image);
        index.confirmBlob(new ConfirmedLink(REPOSITORIES.get(1), layer, false));
        assertFalse(index.runIfUnreferenced(layer, () -> true));
        assertFalse(index.runIfUnreferenced(image.digest(), () -> true));
        index.remove(image, Set.of());
        assertFalse(index.runIfUnreferenced(layer, () -> false), "the action failed");
        assertTrue(index.hasBlob(REPOSITORIES.get(1), layer));
        assertTrue(index.runIfUnreferenced(layer, () -> true));
        assertFalse(index.hasBlob(REPOSITORIES.get(1), layer));
    }

    private static void add(Random random, ContentIndex index, List<ManifestSummary> records) {
        int number = random.nextInt(6);
        Optional<ManifestSummary> known = records.stream()
                .filter(record -> record.digest().equals(digest("manifest " + number)))
                .findFirst();
        RecordedReference more = reference(
                REPOSITORIES.get(random.nextInt(REPOSITORIES.size())),
                random.nextBoolean() ? TAGS.get(random.nextInt(TAGS.size())) : digest("manifest " + number),
                random.nextInt(5));
        ManifestSummary changed = known.map(record -> with(
                        record,
                        Stream.concat(
                                        record.references().stream()
                                                .filter(each -> !each.name().equals(more.name())),
                                        Stream.of(newer(record, more)))
                                .toList()))
                .orElseGet(() -> manifest(number, more));
        records.removeIf(record -> record.digest().equals(changed.digest()));
        records.add(changed);
        index.add(changed);
    }

    /** Returns the later confirmation of a name: a record that is confirmed again never gets an older time. */
    private static RecordedReference newer(ManifestSummary record, RecordedReference more) {
        return record.references().stream()
                .filter(each ->
                        each.name().equals(more.name()) && each.checked().isAfter(more.checked()))
                .findFirst()
                .orElse(more);
    }

    private static void remove(Random random, ContentIndex index, List<ManifestSummary> records) {
        ManifestSummary record = records.remove(random.nextInt(records.size()));
        List<RecordedReference> left = record.references().stream()
                .filter(unused -> random.nextInt(3) == 0)
                .toList();
        index.remove(record, left.stream().map(RecordedReference::name).collect(Collectors.toSet()));
        if (!left.isEmpty()) {
            records.add(with(record, left));
        }
    }

    private static ContentIndex indexOf(boolean closed, List<ManifestSummary> records) {
        ContentIndex index = new ContentIndex(closed);
        records.forEach(index::add);
        return index;
    }

    private static void assertSame(ContentIndex expected, ContentIndex actual) {
        Stream<Digest> manifests = IntStream.range(0, 6).mapToObj(i -> digest("manifest " + i));
        List<Digest> digests = Stream.concat(DIGESTS.stream(), manifests).toList();
        for (Repository repository : REPOSITORIES) {
            assertEquals(expected.tags(repository), actual.tags(repository));
            assertEquals(expected.hasManifests(repository), actual.hasManifests(repository));
            for (Tag tag : TAGS) {
                ImageReference name = new ImageReference(repository, tag);
                assertEquals(expected.find(name), actual.find(name));
                assertEquals(expected.lastConfirmed(name), actual.lastConfirmed(name));
            }
            for (Digest digest : digests) {
                String what = repository + "@" + digest;
                ImageReference name = new ImageReference(repository, digest);
                assertEquals(expected.find(name), actual.find(name), what);
                assertEquals(expected.hasBlob(repository, digest), actual.hasBlob(repository, digest), what);
                assertEquals(expected.isBlob(repository, digest), actual.isBlob(repository, digest), what);
                assertEquals(expected.isOnlyManifest(repository, digest), actual.isOnlyManifest(repository, digest));
                assertEquals(expected.blobSize(repository, digest), actual.blobSize(repository, digest), what);
                assertEquals(expected.referrers(repository, digest), actual.referrers(repository, digest), what);
            }
        }
        assertEquals(
                Set.copyOf(expected.initialLinks(digest -> true, registry -> false)),
                Set.copyOf(actual.initialLinks(digest -> true, registry -> false)));
    }

    /** Returns the same manifest for the same number, because a digest has one content only. */
    private static ManifestSummary manifest(int number, RecordedReference reference) {
        Random content = new Random(number);
        List<Digest> children = content.nextInt(3) == 0
                ? List.of(digest("manifest " + content.nextInt(6)), DIGESTS.get(content.nextInt(DIGESTS.size())))
                : List.of();
        List<Blob> blobs = content.ints(content.nextInt(4), 0, DIGESTS.size())
                .mapToObj(i -> new Blob(DIGESTS.get(i), content.nextInt(3) - 1, false))
                .toList();
        Optional<Digest> subject =
                content.nextBoolean() ? Optional.of(digest("manifest " + content.nextInt(6))) : Optional.empty();
        return new ManifestSummary(
                digest("manifest " + number), MediaType.OCI_MANIFEST, 10, List.of(reference), children, blobs, subject);
    }

    private static ManifestSummary image(String what, List<Blob> blobs, RecordedReference reference) {
        return new ManifestSummary(
                digest(what), MediaType.OCI_MANIFEST, 10, List.of(reference), List.of(), blobs, Optional.empty());
    }

    private static ManifestSummary with(ManifestSummary record, List<RecordedReference> references) {
        return new ManifestSummary(
                record.digest(),
                record.mediaType(),
                record.size(),
                references,
                record.children(),
                record.blobs(),
                record.subject());
    }

    private static RecordedReference reference(
            Repository repository, io.ociregistry.oci.Reference reference, int seconds) {
        return RecordedReference.confirmed(new ImageReference(repository, reference), NOW.plusSeconds(seconds));
    }

    private static Digest digest(String of) {
        return Digest.of(of.getBytes(StandardCharsets.UTF_8));
    }
}
