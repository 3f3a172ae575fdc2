package io.ociregistry.registry.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Mark and sweep in random caches: reachable content stays, and all other content is removed. */
class PrunerPropertiesTest {
    private static final List<String> REPOSITORIES = List.of("a.example/x", "a.example/y", "b.example/x");
    private static final int BLOBS = 12;

    @Property(tries = 40)
    void onlyReachableContentStaysAndDryRunAgrees(@ForAll Random random) throws IOException {
        Path root = Files.createTempDirectory("prune");
        try {
            PrunedCache cache = new PrunedCache(root);
            Set<Digest> all = fill(cache, random);
            if (random.nextBoolean()) {
                cache.pin("y:v1");
            }
            Set<String> tagsBefore = tags(cache);
            Set<Digest> before = manifests(cache);
            PruneRequest request = request(random);
            PruneReport reported =
                    cache.pruner().prune(new PruneRequest(request.policy(), request.count(), request.maxSize(), true));
            assertEquals(all, cache.storedBlobs());
            PruneReport done = cache.pruner().prune(request);
            assertEquals(
                    reported.lines().subList(1, reported.lines().size()),
                    done.lines().subList(1, done.lines().size()));

            assertEquals(reached(cache, all), cache.storedBlobs());
            Set<String> chosen =
                    done.names().stream().map(PruneReport.Name::name).collect(Collectors.toCollection(TreeSet::new));
            assertEquals(minus(tagsBefore, chosen), tags(cache), done.lines().toString());
            assertEveryRecordHasAName(cache);
            assertChildrenStayWithTheirIndex(cache, before);
            assertContentIndexMatchesDisk(cache);
            assertEquals(
                    0,
                    cache.pruner()
                            .prune(new PruneRequest(matchesNothing(), false))
                            .bytes(),
                    "a second prune finds nothing");
        } finally {
            delete(root);
        }
    }

    /** Stores random manifests with random names; each may list or refer to earlier ones. */
    private static Set<Digest> fill(PrunedCache cache, Random random) throws IOException {
        Set<Digest> blobs = new HashSet<>();
        for (int i = 0; i < BLOBS; i++) {
            blobs.add(cache.blob(PrunedCache.digest("blob " + i), 1 + random.nextInt(100)));
        }
        List<Manifest> manifests = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Manifest manifest = manifest(random, manifests, i);
            manifests.add(manifest);
            // Each name once, because a later confirmation of a name never has an earlier time.
            Set<String> names = new TreeSet<>();
            for (int more = 1 + random.nextInt(2); more > 0; more--) {
                names.add(
                        REPOSITORIES.get(random.nextInt(REPOSITORIES.size())) + reference(random, manifest, manifests));
            }
            names.forEach(name ->
                    cache.store(manifest, name, PrunedCache.NOW.minus(Duration.ofMinutes(random.nextInt(10_000)))));
        }
        return blobs;
    }

    private static Manifest manifest(Random random, List<Manifest> before, int number) {
        if (!before.isEmpty() && random.nextInt(3) == 0) {
            List<Digest> children = new ArrayList<>(List.of(PrunedCache.digest("missing " + number)));
            random.ints(1 + random.nextInt(3), 0, before.size())
                    .forEach(i -> children.add(before.get(i).digest()));
            return PrunedCache.index(children);
        }
        List<Digest> layers = random.ints(1 + random.nextInt(4), 0, BLOBS + 3)
                .mapToObj(i -> PrunedCache.digest("blob " + i))
                .toList();
        Optional<Digest> subject = !before.isEmpty() && random.nextInt(4) == 0
                ? Optional.of(before.get(random.nextInt(before.size())).digest())
                : Optional.empty();
        return PrunedCache.image(layers, subject);
    }

    private static String reference(Random random, Manifest manifest, List<Manifest> all) {
        return switch (random.nextInt(4)) {
            case 0 -> ":v" + random.nextInt(3);
            case 1 -> ":sha256-" + all.get(random.nextInt(all.size())).digest().hex() + ".sig";
            default -> "@" + manifest.digest();
        };
    }

    private static PruneRequest request(Random random) {
        Instant time = PrunedCache.NOW.minus(Duration.ofMinutes(random.nextInt(10_000)));
        PrunePolicy policy =
                switch (random.nextInt(5)) {
                    case 0 -> new PrunePolicy.Matching(ReferencePatterns.parse("x:v1,y"));
                    case 1 -> new PrunePolicy.Matching(ReferencePatterns.parse("a.example,sig$"));
                    case 2 -> new PrunePolicy.CreatedBefore(time);
                    case 3 -> new PrunePolicy.PulledBefore(time);
                    default -> new PrunePolicy.AllOf(List.of());
                };
        return new PruneRequest(
                policy,
                random.nextBoolean() ? OptionalInt.of(random.nextInt(4)) : OptionalInt.empty(),
                random.nextBoolean() ? OptionalLong.of(random.nextInt(15_000)) : OptionalLong.empty(),
                false);
    }

    private static PrunePolicy matchesNothing() {
        return new PrunePolicy.Matching(ReferencePatterns.parse("^$"));
    }

    /** Returns every blob that a record on disk names. */
    private static Set<Digest> reached(PrunedCache cache, Set<Digest> all) {
        return cache.summaries().stream()
                .flatMap(record -> record.blobs().stream())
                .map(ManifestSummary.Blob::digest)
                .filter(all::contains)
                .collect(Collectors.toSet());
    }

    private static Set<Digest> manifests(PrunedCache cache) {
        return cache.summaries().stream().map(ManifestSummary::digest).collect(Collectors.toSet());
    }

    private static void assertChildrenStayWithTheirIndex(PrunedCache cache, Set<Digest> before) {
        Set<Digest> left = manifests(cache);
        cache.summaries().stream()
                .flatMap(record -> record.children().stream())
                .forEach(child -> assertEquals(before.contains(child), left.contains(child)));
    }

    private static void assertEveryRecordHasAName(PrunedCache cache) {
        List<ManifestSummary> records = cache.summaries();
        assertTrue(records.stream().noneMatch(record -> record.references().isEmpty()));
    }

    private static void assertContentIndexMatchesDisk(PrunedCache cache) {
        ContentIndex rebuilt = new ContentIndex(false);
        cache.summaries().forEach(rebuilt::add);
        cache.summaries().stream()
                .flatMap(record -> record.references().stream())
                .map(RecordedReference::name)
                .forEach(name -> assertEquals(rebuilt.find(name), cache.catalog.find(name), name.toString()));
        for (String repository : REPOSITORIES) {
            var parsed =
                    io.ociregistry.oci.ImageReference.parse(repository + ":v1").repository();
            assertEquals(rebuilt.tags(parsed), cache.catalog.tags(parsed));
            assertEquals(rebuilt.hasManifests(parsed), cache.catalog.hasManifests(parsed));
        }
    }

    private static Set<String> tags(PrunedCache cache) {
        return cache.summaries().stream()
                .flatMap(record -> record.references().stream())
                .map(RecordedReference::name)
                .filter(name -> name.reference() instanceof Tag)
                .map(Object::toString)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> minus(Set<String> some, Set<String> others) {
        Set<String> rest = new TreeSet<>(some);
        rest.removeAll(others);
        return rest;
    }

    private static void delete(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted((one, other) -> other.compareTo(one)).toList()) {
                Files.delete(file);
            }
        }
    }
}
