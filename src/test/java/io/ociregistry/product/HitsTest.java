package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.Records;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Serves cached content without a write, and still remembers the time of the last pull. */
@Timeout(60)
class HitsTest {
    @TempDir
    Path images;

    @Test
    void hitsWriteNothingAndPullTimesSurviveStop() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start()) {
            FakeImage image = upstream.image("team/app", "1.0").layer(20_000).push();
            FakeImage other = upstream.image("team/other", "1.0").layer(1_000).push();
            String configuration = "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n";
            Instant restarted;
            try (RunningRegistry registry = RunningRegistry.start(configuration, images)) {
                pull(registry, image, "1.0");
                pull(registry, other, "1.0");
                registry.restart();
                pull(registry, image, "1.0");
                Map<Path, String> before = files();
                // Pull times are stored in whole seconds.
                Instant next = Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
                while (Instant.now().isBefore(next)) {
                    pull(registry, image, "1.0");
                }
                pull(registry, image, image.digest().toString());
                assertEquals(before, files());
                restarted = next;
            }
            List<RecordedReference> names = names();
            assertEquals(2, names.size(), names.toString());
            for (RecordedReference name : names) {
                boolean isPulled = name.name().repository().name().equals("team/app");
                assertEquals(isPulled, !name.pulled().isBefore(restarted), name.toString());
                assertFalse(name.created().isAfter(restarted), name.toString());
            }
        }
    }

    private static void pull(RunningRegistry registry, FakeImage image, String reference) throws IOException {
        String base = "/v2/" + image.repository() + "/";
        for (String method : List.of("HEAD", "GET")) {
            for (String path : List.of("manifests/" + reference, "blobs/" + image.layer(0))) {
                assertEquals(
                        200,
                        RawHttp.exchange(registry.base(), method, base + path + "?ns=r.example")
                                .status());
            }
        }
        RawHttp.get(registry.base(), base + "blobs/" + image.config().digest() + "?ns=r.example");
    }

    private List<RecordedReference> names() throws IOException {
        List<RecordedReference> names = new ArrayList<>();
        try (StoreAccess access = StoreAccess.open(images, "test")) {
            Records.in(access.layout()).forEach(record -> names.addAll(record.references()));
        }
        return names;
    }

    private Map<Path, String> files() throws IOException {
        Map<Path, String> looks = new TreeMap<>();
        try (var all = Files.walk(images)) {
            for (Path file : all.toList()) {
                looks.put(file, Files.getLastModifiedTime(file) + " " + Files.size(file));
            }
        }
        return looks;
    }
}
