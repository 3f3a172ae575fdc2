package io.ociregistry.registry.index;

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

/** The memory of the index for 20,000 images with 100,000 blobs: the limit is 1 KiB for each manifest. */
class ContentIndexSizeTest {
    private static final int MANIFESTS = 20_000;
    private static final int BLOBS = 5;

    @Test
    void taggedManifestWithFiveBlobsCostsLessThanOneKibibyte() {
        ContentIndex index = new ContentIndex(false);
        long before = usedMemory();
        for (int i = 0; i < MANIFESTS; i++) {
            add(index, i);
        }
        long each = (usedMemory() - before) / MANIFESTS;
        assertEquals(Optional.of(digest("manifest 7")), index.find(name(7)), "keeps the index reachable");
        assertTrue(each < 1024, each + " bytes");
    }

    private static void add(ContentIndex index, int number) {
        List<Digest> blobs = IntStream.range(0, BLOBS)
                .mapToObj(i -> digest("blob " + number + " " + i))
                .toList();
        ImageReference name = name(number);
        index.add(new ManifestSummary(
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
        blobs.forEach(blob -> index.confirmBlob(new ConfirmedLink(name(number).repository(), blob, true)));
    }

    private static ImageReference name(int number) {
        return ImageReference.parse("registry.example/team/project/image" + number / 2 + ":v1." + number);
    }

    private static Digest digest(String of) {
        return Digest.of(of.getBytes(StandardCharsets.UTF_8));
    }

    private static long usedMemory() {
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
