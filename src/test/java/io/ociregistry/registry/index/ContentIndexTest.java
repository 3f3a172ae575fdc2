package io.ociregistry.registry.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ContentIndexTest {
    private static final Instant NOW = Instant.parse("2025-06-01T12:00:00Z");
    private static final Digest CONFIG = digest('c');
    private static final Digest LAYER = digest('1');
    private static final Digest CHILD = digest('d');
    private static final Repository A = new Repository(RegistryName.parse("quay.io"), "a");
    private static final Repository B = new Repository(RegistryName.parse("quay.io"), "b");
    private static final Manifest IMAGE = image(10);
    private static final Manifest INDEX = manifest("{'manifests':[{'digest':'" + CHILD + "','size':5}]}");

    private final ContentIndex index = new ContentIndex(false);

    @Test
    void repositoryShowsNothingOfAnotherRepository() {
        index.add(record(IMAGE, "quay.io/a:v1", NOW));
        index.add(record(INDEX, "quay.io/a:index", NOW));

        assertEquals(Optional.of(IMAGE.digest()), index.find(name("quay.io/a:v1")));
        assertEquals(Optional.of(IMAGE.digest()), index.find(name("quay.io/a@" + IMAGE.digest())));
        assertEquals(Optional.of(CHILD), index.find(name("quay.io/a@" + CHILD)));
        assertTrue(index.hasBlob(A, CONFIG) && index.hasBlob(A, LAYER));

        for (String other : List.of("quay.io/b", "ghcr.io/a", "quay.io/a/a", "quay.io:80/a")) {
            assertEquals(Optional.empty(), index.find(name(other + ":v1")));
            assertEquals(Optional.empty(), index.find(name(other + "@" + IMAGE.digest())));
            assertEquals(Optional.empty(), index.find(name(other + "@" + CHILD)));
        }
        assertFalse(index.hasBlob(B, CONFIG) || index.hasBlob(B, LAYER));
        assertEquals(OptionalLong.empty(), index.blobSize(B, LAYER));
    }

    @Test
    void manifestIsNotShownAsBlobNorBlobAsManifest() {
        index.add(record(INDEX, "quay.io/a:index", NOW));
        index.add(record(IMAGE, "quay.io/a:v1", NOW));
        assertTrue(index.isOnlyManifest(A, CHILD));
        assertTrue(index.isOnlyManifest(A, IMAGE.digest()));
        assertFalse(index.hasBlob(A, CHILD));
        assertFalse(index.isOnlyManifest(A, LAYER));
        assertFalse(index.isOnlyManifest(B, CHILD), "B has no link to it");
        assertEquals(Optional.empty(), index.find(name("quay.io/a@" + LAYER)));
        index.confirmBlob(link(A, CHILD));
        assertFalse(index.isOnlyManifest(A, CHILD), "its upstream confirmed it as a blob too");
    }

    @Test
    void tagMeansTheManifestConfirmedLastInAnyOrderOfRecords() {
        Manifest newer = image(11);
        for (boolean newerFirst : new boolean[] {true, false}) {
            ContentIndex each = new ContentIndex(false);
            ManifestSummary old = record(IMAGE, "quay.io/a:v1", NOW);
            ManifestSummary late = record(newer, "quay.io/a:v1", NOW.plusMillis(1));
            each.add(newerFirst ? late : old);
            each.add(newerFirst ? old : late);
            assertEquals(Optional.of(newer.digest()), each.find(name("quay.io/a:v1")));
            assertEquals(NOW.plusMillis(1), each.lastConfirmed(name("quay.io/a:v1")));
            assertEquals(
                    Optional.of(IMAGE.digest()),
                    each.find(name("quay.io/a@" + IMAGE.digest())),
                    "still found by its digest");
        }
    }

    @Test
    void tagsAreCaseSensitive() {
        index.add(record(IMAGE, "quay.io/a:v1", NOW));
        assertEquals(Optional.empty(), index.find(name("quay.io/a:V1")));
        assertEquals(Instant.EPOCH, index.lastConfirmed(name("quay.io/a:V1")));
    }

    @Test
    void otherDigestOfAManifestMeansItsSha256() {
        Digest sha512 = Digest.parse("sha512:" + "e".repeat(128));
        index.add(record(IMAGE, "quay.io/a@" + sha512, NOW));
        assertEquals(Optional.of(IMAGE.digest()), index.find(name("quay.io/a@" + sha512)));
        assertEquals(Optional.of(IMAGE.digest()), index.find(name("quay.io/a@" + IMAGE.digest())));
        assertEquals(Optional.empty(), index.find(name("quay.io/b@" + sha512)));
    }

    @Test
    void digestNamedByTwoRegistriesNeedsAConfirmation() {
        Repository foreign = new Repository(RegistryName.parse("evil.example"), "a");
        index.add(record(image(10), "quay.io/a:v1", NOW));
        index.add(record(INDEX, "quay.io/a:index", NOW));
        assertTrue(index.hasBlob(A, LAYER), "no other registry has named or confirmed it");
        index.add(record(image(11), "evil.example/a:v1", NOW));
        assertFalse(index.hasBlob(A, LAYER));
        assertFalse(index.hasBlob(foreign, LAYER));
        index.confirmBlob(link(A, LAYER));
        assertTrue(index.hasBlob(A, LAYER));
        assertFalse(index.hasBlob(foreign, LAYER));
        index.confirmBlob(link(foreign, LAYER));
        assertTrue(index.hasBlob(A, LAYER) && index.hasBlob(foreign, LAYER));

        index.add(record(INDEX, "evil.example/a:index", NOW));
        assertEquals(Optional.empty(), index.find(name("evil.example/a@" + CHILD)));
        assertEquals(
                Optional.of(INDEX.digest()), index.find(name("evil.example/a:index")), "its upstream sent this one");
    }

    @Test
    void blobConfirmedWithoutCredentialsIsPublic() {
        index.add(record(IMAGE, "quay.io/a:v1", NOW));
        index.confirmBlob(link(A, LAYER));
        assertFalse(index.isPublic(LAYER));
        index.restore(new ConfirmedLink(B, LAYER, true));
        assertTrue(index.isPublic(LAYER));
        assertTrue(index.hasBlob(B, LAYER));
    }

    @Test
    void cacheWithoutLinksStartsWithTheBlobsItsManifestsName() {
        Repository other = new Repository(RegistryName.parse("ghcr.io"), "a");
        index.add(record(IMAGE, "quay.io/a:v1", NOW));
        index.add(record(image(11), "ghcr.io/a:v1", NOW));
        Manifest listing = manifest(
                "{'manifests':[{'digest':'" + IMAGE.digest() + "','size':5},{'digest':'" + CHILD + "','size':5}]}");
        index.add(record(listing, "ghcr.io/a:index", NOW));
        List<ConfirmedLink> named = index.initialLinks(
                LAYER::equals, registry -> registry.toString().equals("ghcr.io"));
        assertEquals(
                Set.of(
                        new ConfirmedLink(A, LAYER, false),
                        new ConfirmedLink(other, LAYER, true),
                        new ConfirmedLink(other, IMAGE.digest(), true)),
                Set.copyOf(named));
        assertEquals(3, named.size());

        named.forEach(index::restore);
        assertTrue(index.hasBlob(A, LAYER) && index.hasBlob(other, LAYER));
        assertEquals(Optional.of(IMAGE.digest()), index.find(name("ghcr.io/a@" + IMAGE.digest())));
        assertFalse(index.hasBlob(other, IMAGE.digest()), "a manifest is not a blob");
        assertFalse(index.hasBlob(A, CONFIG), "it is not stored, and two registries name it");
    }

    @Test
    void closedIndexShowsBlobsThatTwoRegistriesName() {
        ContentIndex closed = new ContentIndex(true);
        closed.add(record(image(10), "quay.io/a:v1", NOW));
        closed.add(record(image(11), "ghcr.io/a:v1", NOW));
        assertTrue(closed.hasBlob(A, LAYER));
        assertFalse(closed.hasBlob(B, LAYER), "but no other blob");
    }

    @Test
    void sizeIsUnknownIfManifestsDisagree() {
        index.add(record(image(10), "quay.io/a:v1", NOW));
        index.add(record(image(11), "quay.io/a:v2", NOW));
        assertEquals(OptionalLong.empty(), index.blobSize(A, LAYER));
    }

    @Test
    void confirmedBlobGetsItsSizeFromAManifest() {
        assertTrue(index.confirmBlob(link(A, LAYER)));
        assertFalse(index.confirmBlob(link(A, LAYER)), "already confirmed");
        assertTrue(index.hasBlob(A, LAYER));
        assertEquals(OptionalLong.empty(), index.blobSize(A, LAYER));
        index.add(record(IMAGE, "quay.io/a:v1", NOW));
        assertEquals(OptionalLong.of(10), index.blobSize(A, LAYER));
        assertFalse(index.confirmBlob(link(A, LAYER)));
        assertEquals(OptionalLong.of(10), index.blobSize(A, LAYER), "the size stays");
    }

    private static ImageReference name(String text) {
        return ImageReference.parse(text);
    }

    @Test
    void droppedTagIsUnknownAndItsManifestsStay() {
        index.add(record(IMAGE, "quay.io/a:v1", NOW));
        index.add(record(INDEX, "quay.io/a:v1", NOW.minusSeconds(1)));
        index.add(record(IMAGE, "quay.io/a:v2", NOW));
        index.refresh(name("quay.io/a:v1"), IMAGE.digest(), NOW.plusSeconds(1));

        assertEquals(
                List.of(INDEX.digest(), IMAGE.digest()),
                index.manifestsClaiming(name("quay.io/a:v1")),
                "the current one last");
        index.drop(name("quay.io/a:v1"), IMAGE.digest());
        index.drop(name("quay.io/a:v1"), INDEX.digest());
        assertEquals(Optional.empty(), index.find(name("quay.io/a:v1")));
        assertEquals(List.of(), index.manifestsClaiming(name("quay.io/a:v1")));
        assertEquals(Optional.of(IMAGE.digest()), index.find(name("quay.io/a:v2")));
        assertEquals(Optional.of(IMAGE.digest()), index.find(name("quay.io/a@" + IMAGE.digest())));
        assertTrue(index.hasBlob(A, LAYER));
    }

    @Test
    void olderManifestOfALostTagIsDoubtfulUntilConfirmed() {
        ImageReference tag = name("quay.io/a:v1");
        ManifestSummary older = record(INDEX, "quay.io/a:v1", NOW.minusSeconds(1));
        ManifestSummary newer = record(IMAGE, "quay.io/a:v1", NOW);
        index.add(older);
        index.add(newer);
        index.removeLost(older, Set.of());
        assertFalse(index.isDoubtful(tag), "only an older record is lost");
        index.add(older);

        index.removeLost(newer, Set.of());
        index.add(older);
        assertEquals(Optional.of(INDEX.digest()), index.find(tag));
        assertTrue(index.isDoubtful(tag));
        index.add(newer);
        assertFalse(index.isDoubtful(tag));

        index.removeLost(newer, Set.of());
        index.refresh(tag, INDEX.digest(), NOW.plusSeconds(1));
        assertFalse(index.isDoubtful(tag));

        index.markDoubtful(tag, NOW.plusSeconds(2));
        index.remove(older, Set.of());
        index.add(older);
        assertFalse(index.isDoubtful(tag), "no claim to the name was left");
    }

    private static ConfirmedLink link(Repository repository, Digest digest) {
        return new ConfirmedLink(repository, digest, false);
    }

    private static ManifestSummary record(Manifest manifest, String name, Instant checked) {
        return ManifestSummary.of(
                new ManifestRecord(manifest, List.of(RecordedReference.confirmed(name(name), checked))));
    }

    private static Manifest image(int layerSize) {
        return manifest("{'config':{'digest':'" + CONFIG + "','size':2},'layers':[{'digest':'" + LAYER + "','size':"
                + layerSize + "}]}");
    }

    private static Manifest manifest(String json) {
        return Manifest.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), MediaType.NONE);
    }

    private static Digest digest(char digit) {
        return Digest.parse("sha256:" + String.valueOf(digit).repeat(64));
    }
}
