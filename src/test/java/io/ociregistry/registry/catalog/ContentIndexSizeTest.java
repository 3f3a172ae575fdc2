package io.ociregistry.registry.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the index in memory costs (issue 5: 20,000 images, 100,000 blobs, 1 KiB a manifest). */
class ContentIndexSizeTest {
    private static final int MANIFESTS = 20_000;
    private static final int BLOBS = 5;

    @Test
    void aManifestWithATagAndFiveBlobsThatNobodyElseHasCostsLessThanAKibibyte() {
        ContentIndex catalog = new ContentIndex(false);
        long before = used();
        for (int i = 0; i < MANIFESTS; i++) {
            add(catalog, i);
        }
        long each = (used() - before) / MANIFESTS;
        assertEquals(Optional.of(digest("manifest 7")), catalog.find(name(7)), "still in use");
        assertTrue(each < 1024, each + " bytes");
    }

    private static void add(ContentIndex catalog, int number) {
        List<Digest> blobs = IntStream.range(0, BLOBS)
                .mapToObj(i -> digest("blob " + number + " " + i))
                .toList();
        ImageReference name = name(number);
        catalog.add(new ManifestSummary(
                digest("manifest " + number),
                MediaType.OCI_MANIFEST,
                2000,
                List.of(
                        RecordedReference.confirmed(name, Instant.now()),
                        RecordedReference.confirmed(
                                new ImageReference(name.repository(), digest("manifest " + number)), Instant.now())),
                List.of(),
                blobs.stream()
                        .map(blob -> new ManifestSummary.Blob(blob, 1000, false))
                        .toList(),
                Optional.empty()));
        blobs.forEach(blob -> catalog.confirmBlob(new ConfirmedLink(name(number).repository(), blob, true)));
    }

    private static ImageReference name(int number) {
        return ImageReference.parse("registry.example/team/project/image" + number / 2 + ":v1." + number);
    }

    private static Digest digest(String of) {
        return Digest.of(of.getBytes(StandardCharsets.UTF_8));
    }

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }
}
