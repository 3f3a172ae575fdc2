package io.ociregistry.registry.catalog;

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

    private final ContentIndex catalog = new ContentIndex(false);

    @Test
    void aRepositoryShowsNothingOfAnother() {
        catalog.add(record(IMAGE, "quay.io/a:v1", NOW));
        catalog.add(record(INDEX, "quay.io/a:index", NOW));

        assertEquals(Optional.of(IMAGE.digest()), catalog.find(name("quay.io/a:v1")));
        assertEquals(Optional.of(IMAGE.digest()), catalog.find(name("quay.io/a@" + IMAGE.digest())));
        assertEquals(Optional.of(CHILD), catalog.find(name("quay.io/a@" + CHILD)));
        assertTrue(catalog.hasBlob(A, CONFIG) && catalog.hasBlob(A, LAYER));

        for (String other : List.of("quay.io/b", "ghcr.io/a", "quay.io/a/a", "quay.io:80/a")) {
            assertEquals(Optional.empty(), catalog.find(name(other + ":v1")));
            assertEquals(Optional.empty(), catalog.find(name(other + "@" + IMAGE.digest())));
            assertEquals(Optional.empty(), catalog.find(name(other + "@" + CHILD)));
        }
        assertFalse(catalog.hasBlob(B, CONFIG) || catalog.hasBlob(B, LAYER));
        assertEquals(OptionalLong.empty(), catalog.blobSize(B, LAYER));
    }

    @Test
    void aManifestIsNoBlobAndABlobNoManifest() {
        catalog.add(record(INDEX, "quay.io/a:index", NOW));
        catalog.add(record(IMAGE, "quay.io/a:v1", NOW));
        assertTrue(catalog.isOnlyManifest(A, CHILD));
        assertTrue(catalog.isOnlyManifest(A, IMAGE.digest()));
        assertFalse(catalog.hasBlob(A, CHILD));
        assertFalse(catalog.isOnlyManifest(A, LAYER));
        assertFalse(catalog.isOnlyManifest(B, CHILD), "B knows nothing of it");
        assertEquals(Optional.empty(), catalog.find(name("quay.io/a@" + LAYER)));
        catalog.confirmBlob(link(A, CHILD));
        assertFalse(catalog.isOnlyManifest(A, CHILD), "its upstream says it is a blob too");
    }

    @Test
    void aTagBelongsToTheManifestThatWasCheckedLastInWhateverOrderTheyCome() {
        Manifest newer = image(11);
        for (boolean newerFirst : new boolean[] {true, false}) {
            ContentIndex each = new ContentIndex(false);
            ManifestSummary old = record(IMAGE, "quay.io/a:v1", NOW);
            ManifestSummary late = record(newer, "quay.io/a:v1", NOW.plusMillis(1));
            each.add(newerFirst ? late : old);
            each.add(newerFirst ? old : late);
            assertEquals(Optional.of(newer.digest()), each.find(name("quay.io/a:v1")));
            assertEquals(NOW.plusMillis(1), each.checked(name("quay.io/a:v1")));
            assertEquals(Optional.of(IMAGE.digest()), each.find(name("quay.io/a@" + IMAGE.digest())), "still there");
        }
    }

    @Test
    void tagsDifferByCaseAndByRepository() {
        catalog.add(record(IMAGE, "quay.io/a:v1", NOW));
        assertEquals(Optional.empty(), catalog.find(name("quay.io/a:V1")));
        assertEquals(Instant.EPOCH, catalog.checked(name("quay.io/a:V1")));
    }

    @Test
    void anotherDigestOfAManifestIsAnAliasOfItsSha256() {
        Digest sha512 = Digest.parse("sha512:" + "e".repeat(128));
        catalog.add(record(IMAGE, "quay.io/a@" + sha512, NOW));
        assertEquals(Optional.of(IMAGE.digest()), catalog.find(name("quay.io/a@" + sha512)));
        assertEquals(Optional.of(IMAGE.digest()), catalog.find(name("quay.io/a@" + IMAGE.digest())));
        assertEquals(Optional.empty(), catalog.find(name("quay.io/b@" + sha512)));
    }

    @Test
    void aDigestThatTwoRegistriesNameIsNobodysUntilOneConfirmsIt() {
        Repository foreign = new Repository(RegistryName.parse("evil.example"), "a");
        catalog.add(record(image(10), "quay.io/a:v1", NOW));
        catalog.add(record(INDEX, "quay.io/a:index", NOW));
        assertTrue(catalog.hasBlob(A, LAYER), "nobody else has to do with it");
        catalog.add(record(image(11), "evil.example/a:v1", NOW));
        assertFalse(catalog.hasBlob(A, LAYER));
        assertFalse(catalog.hasBlob(foreign, LAYER));
        catalog.confirmBlob(link(A, LAYER));
        assertTrue(catalog.hasBlob(A, LAYER));
        assertFalse(catalog.hasBlob(foreign, LAYER));
        catalog.confirmBlob(link(foreign, LAYER));
        assertTrue(catalog.hasBlob(A, LAYER) && catalog.hasBlob(foreign, LAYER));

        catalog.add(record(INDEX, "evil.example/a:index", NOW));
        assertEquals(Optional.empty(), catalog.find(name("evil.example/a@" + CHILD)));
        assertEquals(Optional.of(INDEX.digest()), catalog.find(name("evil.example/a:index")), "that one it sent");
    }

    @Test
    void aBlobIsPublicOnceSomebodyConfirmedItWithoutCredentials() {
        catalog.add(record(IMAGE, "quay.io/a:v1", NOW));
        catalog.confirmBlob(link(A, LAYER));
        assertFalse(catalog.isPublic(LAYER));
        catalog.restore(new ConfirmedLink(B, LAYER, true));
        assertTrue(catalog.isPublic(LAYER));
        assertTrue(catalog.hasBlob(B, LAYER));
    }

    @Test
    void whatManifestsNameAndIsHereIsWhatACacheWithoutLinksBeginsWith() {
        Repository other = new Repository(RegistryName.parse("ghcr.io"), "a");
        catalog.add(record(IMAGE, "quay.io/a:v1", NOW));
        catalog.add(record(image(11), "ghcr.io/a:v1", NOW));
        Manifest index = manifest(
                "{'manifests':[{'digest':'" + IMAGE.digest() + "','size':5},{'digest':'" + CHILD + "','size':5}]}");
        catalog.add(record(index, "ghcr.io/a:index", NOW));
        List<ConfirmedLink> named =
                catalog.named(LAYER::equals, registry -> registry.toString().equals("ghcr.io"));
        assertEquals(
                Set.of(
                        new ConfirmedLink(A, LAYER, false),
                        new ConfirmedLink(other, LAYER, true),
                        new ConfirmedLink(other, IMAGE.digest(), true)),
                Set.copyOf(named));
        assertEquals(3, named.size());

        named.forEach(catalog::restore);
        assertTrue(catalog.hasBlob(A, LAYER) && catalog.hasBlob(other, LAYER));
        assertEquals(Optional.of(IMAGE.digest()), catalog.find(name("ghcr.io/a@" + IMAGE.digest())));
        assertFalse(catalog.hasBlob(other, IMAGE.digest()), "a manifest is no blob");
        assertFalse(catalog.hasBlob(A, CONFIG), "that is not here, and two name it");
    }

    @Test
    void whoAsksNobodyShowsWhatItsManifestsName() {
        ContentIndex closed = new ContentIndex(true);
        closed.add(record(image(10), "quay.io/a:v1", NOW));
        closed.add(record(image(11), "ghcr.io/a:v1", NOW));
        assertTrue(closed.hasBlob(A, LAYER));
        assertFalse(closed.hasBlob(B, LAYER), "and nothing else");
    }

    @Test
    void aSizeThatManifestsDisagreeOnIsUnknown() {
        catalog.add(record(image(10), "quay.io/a:v1", NOW));
        catalog.add(record(image(11), "quay.io/a:v2", NOW));
        assertEquals(OptionalLong.empty(), catalog.blobSize(A, LAYER));
    }

    @Test
    void aConfirmedBlobHasNoSizeUntilAManifestTellsIt() {
        assertTrue(catalog.confirmBlob(link(A, LAYER)));
        assertFalse(catalog.confirmBlob(link(A, LAYER)), "that is no news");
        assertTrue(catalog.hasBlob(A, LAYER));
        assertEquals(OptionalLong.empty(), catalog.blobSize(A, LAYER));
        catalog.add(record(IMAGE, "quay.io/a:v1", NOW));
        assertEquals(OptionalLong.of(10), catalog.blobSize(A, LAYER));
        assertFalse(catalog.confirmBlob(link(A, LAYER)));
        assertEquals(OptionalLong.of(10), catalog.blobSize(A, LAYER), "and is not forgotten");
    }

    private static ImageReference name(String text) {
        return ImageReference.parse(text);
    }

    @Test
    void aNameThatIsDroppedIsUnknown_andAllThatClaimItAreTold() {
        catalog.add(record(IMAGE, "quay.io/a:v1", NOW));
        catalog.add(record(INDEX, "quay.io/a:v1", NOW.minusSeconds(1)));
        catalog.add(record(IMAGE, "quay.io/a:v2", NOW));
        catalog.refresh(name("quay.io/a:v1"), IMAGE.digest(), NOW.plusSeconds(1));

        assertEquals(
                List.of(INDEX.digest(), IMAGE.digest()), catalog.claimed(name("quay.io/a:v1")), "the last one last");
        catalog.drop(name("quay.io/a:v1"), IMAGE.digest());
        catalog.drop(name("quay.io/a:v1"), INDEX.digest());
        assertEquals(Optional.empty(), catalog.find(name("quay.io/a:v1")));
        assertEquals(List.of(), catalog.claimed(name("quay.io/a:v1")));
        assertEquals(Optional.of(IMAGE.digest()), catalog.find(name("quay.io/a:v2")));
        assertEquals(Optional.of(IMAGE.digest()), catalog.find(name("quay.io/a@" + IMAGE.digest())));
        assertTrue(catalog.hasBlob(A, LAYER));
    }

    @Test
    void olderMeaningIsDoubtfulUntilItIsConfirmedOrReplaced() {
        ImageReference tag = name("quay.io/a:v1");
        ManifestSummary older = record(INDEX, "quay.io/a:v1", NOW.minusSeconds(1));
        ManifestSummary newer = record(IMAGE, "quay.io/a:v1", NOW);
        catalog.add(older);
        catalog.add(newer);
        catalog.lose(older, Set.of());
        assertFalse(catalog.isDoubtful(tag), "what it meant is lost, not what it means");
        catalog.add(older);

        catalog.lose(newer, Set.of());
        catalog.add(older);
        assertEquals(Optional.of(INDEX.digest()), catalog.find(tag));
        assertTrue(catalog.isDoubtful(tag));
        catalog.add(newer);
        assertFalse(catalog.isDoubtful(tag));

        catalog.lose(newer, Set.of());
        catalog.refresh(tag, INDEX.digest(), NOW.plusSeconds(1));
        assertFalse(catalog.isDoubtful(tag));

        catalog.doubt(tag, NOW.plusSeconds(2));
        catalog.remove(older, Set.of());
        catalog.add(older);
        assertFalse(catalog.isDoubtful(tag), "nothing is left of it");
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
