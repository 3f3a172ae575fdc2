package io.ociregistry.registry.prune;

import static io.ociregistry.registry.prune.PrunedCache.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.policy.ReferencePatterns;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The names and blobs that a prune leaves, as a table of scenarios.
 *
 * <p>A line stores a manifest under names, {@code ID = BLOB... [of ID] as NAME[~AGE]...}; or an index,
 * {@code ID = [ID...] as NAME...}; or pins, {@code pin PATTERN}; or prunes,
 * {@code REQUEST > names left | blobs left | images kept | phrases of the report}. {@code plan REQUEST} and
 * {@code execute > ...} prune in two steps. The blobs {@code base}, {@code a} and {@code b} are stored, with 1000, 100
 * and 10 bytes. A dry run before each prune has to report the prune.
 */
class PruneScenariosTest {
    private static final String SCENARIOS = """
        # sharedBlobStaysUntilItsLastImageIsPruned
        one = base a as a:1
        two = base b as b:1
        match r.example/a > b:1 | base b | | 100 bytes, 1 manifests
        match r.example/b > | | | 1010 bytes, 1 manifests

        # indexIsPrunedWithItsChildrenThatHaveNoTag
        amd = base a as a@{amd}
        arm = b as a@{arm}
        all = [amd arm never-fetched] as a:1
        match a@{amd} > a:1 a@{amd} a@{arm} | base a b | | Total: 0 names
        match a:1 > | | | 1110 bytes, 3 manifests

        # digestListedByAnotherRepositoryIsKeptAndNotCounted
        image = base a as a@{image}
        index = [image] as z:1
        other = b as b:1
        match /a@,/b: count 1 > a@{image} z:1 | base a | a@{image} is listed by an index that stays \
        | Total: 1 names

        # childWithTagOfItsOwnStaysWithItsBlobs
        amd = base a as a:amd64
        all = [amd] as a:1
        match a:1$ > a:amd64 | base a

        # taggedChildOfKeptIndexLosesOnlyItsTag
        amd = base as a:amd64
        all = [amd] as a:1
        match amd64 > a:1 a@{amd} | base | | only this name

        # signaturesArePrunedWithTheirImageButNotInOtherRepository
        image = base as a:1
        signature = a as a:sha256-{#image}.sig other:sha256-{#image}.sig
        sbom = b of image as a@{sbom}
        created 6h > a:1 a:sha256-{#image}.sig a@{sbom} other:sha256-{#image}.sig | base a b | | 0 manifests
        match a:1 > other:sha256-{#image}.sig | a

        # tagPrunedWithItsImageIsRemovedFromOlderRecords
        image = base as a:1
        older = a as a:sha256-{#image}.sig~9h a:kept
        oldest = base a as a:sha256-{#image}.sig~10h
        index = [oldest] as a:index
        newest = b as a:sha256-{#image}.sig~8h
        match a:1 > a:kept a:index a@{oldest} | base a | | Total: 2 names; a:sha256-{#image}.sig  10 B  with

        # movedTagDoesNotReturnToItsOlderManifest
        old = a as a:latest~9h
        new = b as a:latest~8h
        match a:latest > |
        old = a as a:latest~3h
        new = b as a:latest~2h
        old = a as a@{old}~1h
        count 1 > a@{old} |

        # pullOfChildCountsForItsIndexAndPinsStay
        used = a as used@{used}~24h
        all = [used] as used:1~1440h
        unused = b as unused:1~1440h
        pinned = base as pinned:1~1440h
        pin pinned:
        pulled 720h > pinned:1 used:1 used@{used} | base a | pinned:1 is pinned | Total: 1 names
        created 720h > pinned:1 | base | pinned:1 is pinned

        # clockBehindRecordsDoesNotAffectPruneBySize
        future = base a as a:1~-48h
        past = base b as b:1~48h
        shrink 1 > a:1 | base a

        # pruneBySizeRemovesLeastRecentlyPulledFirst
        zero = a as a:0~240h
        one = b as a:1~216h
        two = base as a:2~192h
        shrink 0 > a:0 a:1 a:2 | base a b
        shrink 101 > a:2 | base

        # indexKeepsChildPulledUnderAnotherNameAfterThePlan
        amd = base a as a@{amd}
        all = [amd] as a:1
        plan match a:1
        all = [amd] as a:2
        execute > a:1 a:2 a@{amd} | base a | {all} stays, because its record changed in the meantime; \
        {amd} stays, because an index that lists it changed in the meantime

        # prunedTagIsRemovedFromRecordThatChangedAfterThePlan
        old = a as a:latest~9h a:1~9h
        new = b as a:latest~8h
        plan match a:latest
        old = a as a:2
        execute > a:1 a:2 | a | {old} stays, because its record changed in the meantime

        # tagConfirmedAfterThePlanStays
        old = a as a:latest~9h a:1~9h
        new = b as a:latest~8h
        plan match a:latest
        old = a as a:latest
        execute > a:1 a:latest | a | {old} stays, because its record changed in the meantime
        """;

    private static final String HOST = "r.example/";

    @TempDir
    Path root;

    private final Map<String, Digest> digests = new HashMap<>();
    private final Map<String, Digest> blobs = new HashMap<>();
    private final Set<ImageReference> stored = new HashSet<>();
    private PrunedCache cache;
    private @Nullable Pruner pruner;
    private @Nullable PrunePlan plan;

    static Stream<Named<String>> scenarios() {
        return Stream.of(SCENARIOS.split("(?m)^# "))
                .filter(scenario -> !scenario.isBlank())
                .map(scenario -> scenario.split("\n", 2))
                .map(parts -> Named.of(parts[0], parts[1]));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("scenarios")
    void pruneLeaves(String scenario) throws IOException {
        cache = new PrunedCache(root);
        for (Map.Entry<String, Integer> blob :
                Map.of("base", 1000, "a", 100, "b", 10).entrySet()) {
            blobs.put(blob.getKey(), cache.blob(PrunedCache.digest(blob.getKey()), blob.getValue()));
        }
        for (String line : scenario.strip().split("\n", -1)) {
            if (line.startsWith("pin ")) {
                cache.pin(line.substring(4));
            } else if (line.startsWith("plan ")) {
                pruner = cache.pruner();
                plan = pruner.plan(request(line.substring(5), false));
            } else if (line.contains(" > ")) {
                prune(line.split(" > ", 2));
            } else {
                store(line.split(" = | as ", 3));
            }
        }
    }

    private void store(String[] line) {
        String[] content = line[1].split(" of ", -1);
        Manifest manifest = content[0].startsWith("[")
                ? PrunedCache.index(
                        Stream.of(content[0].replaceAll("[\\[\\]]", "").split(" "))
                                .map(id -> digests.getOrDefault(id, PrunedCache.digest(id)))
                                .toList())
                : PrunedCache.image(
                        Stream.of(content[0].split(" ")).map(blobs::get).toList(),
                        Optional.ofNullable(content.length > 1 ? digests.get(content[1]) : null));
        digests.put(line[0], manifest.digest());
        for (String name : line[2].split(" ", -1)) {
            String[] parts = name.split("~", -1);
            Instant time = NOW.minus(age(parts.length > 1 ? parts[1] : "5h"));
            stored.add(ImageReference.parse(HOST + resolved(parts[0])));
            cache.store(manifest, HOST + resolved(parts[0]), time);
        }
    }

    private void prune(String[] line) {
        PruneReport done = execute(resolved(line[0]));
        String[] expected = resolved(line[1] + "| | | ").split("\\|", -1);
        assertEquals(words(HOST, expected[0]), cache.names(), line[0]);
        Set<Digest> left = words("", expected[1]).stream().map(blobs::get).collect(Collectors.toSet());
        assertEquals(left, cache.storedBlobs(), line[0]);
        assertEquals(expected[2].strip(), String.join("; ", done.kept()).replace(HOST, ""), line[0]);
        String report = String.join("\n", done.lines()) + done.bytes() + " bytes, " + done.records() + " manifests";
        for (String phrase : expected[3].strip().split("; ", -1)) {
            assertTrue(report.contains(phrase), report);
        }
        assertIndexAgreesWithRecords();
    }

    private PruneReport execute(String request) {
        if (request.equals("execute")) {
            return Objects.requireNonNull(pruner).execute(Objects.requireNonNull(plan));
        }
        PruneReport reported = cache.pruner().prune(request(request, true));
        PruneReport done = cache.pruner().prune(request(request, false));
        assertEquals(
                reported.lines().subList(1, reported.lines().size()),
                done.lines().subList(1, done.lines().size()));
        return done;
    }

    private void assertIndexAgreesWithRecords() {
        Set<String> names = cache.names();
        assertEquals(
                tags(names.stream().map(ImageReference::parse).toList()),
                tags(cache.catalog.names().keySet()));
        for (ImageReference name : stored) {
            String repository = name.repository().toString();
            assertEquals(
                    names.stream().anyMatch(left -> left.matches(Pattern.quote(repository) + "[:@].*")),
                    cache.catalog.hasManifests(name.repository()));
        }
    }

    private static Set<String> tags(Collection<ImageReference> names) {
        return names.stream()
                .filter(name -> name.reference() instanceof Tag)
                .map(ImageReference::toString)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private PruneRequest request(String text, boolean dryRun) {
        String[] words = text.split(" ", -1);
        OptionalInt count = text.contains("count ")
                ? OptionalInt.of(Integer.parseInt(words[words.length - 1]))
                : OptionalInt.empty();
        OptionalLong size = words[0].equals("shrink")
                ? OptionalLong.of(cache.pruner().size() - Integer.parseInt(words[1]))
                : OptionalLong.empty();
        PrunePolicy policy =
                switch (words[0]) {
                    case "match" -> new PrunePolicy.Matching(ReferencePatterns.parse(words[1]));
                    case "created" -> new PrunePolicy.CreatedBefore(NOW.minus(age(words[1])));
                    case "pulled" -> new PrunePolicy.PulledBefore(NOW.minus(age(words[1])));
                    default -> new PrunePolicy.AllOf(List.of());
                };
        return new PruneRequest(policy, count, size, dryRun);
    }

    private static Duration age(String hours) {
        return Duration.ofHours(Long.parseLong(hours.replace("h", "")));
    }

    private static Set<String> words(String prefix, String list) {
        return Stream.of(list.strip().split(" "))
                .filter(word -> !word.isEmpty())
                .map(word -> prefix + word)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Replaces an id in braces by the digest of its manifest, and after a hash sign by the hex of this digest. */
    private String resolved(String text) {
        String resolved = text;
        for (Map.Entry<String, Digest> each : digests.entrySet()) {
            resolved = resolved.replace(
                            "{" + each.getKey() + "}", each.getValue().toString())
                    .replace("{#" + each.getKey() + "}", each.getValue().hex());
        }
        return resolved;
    }
}
