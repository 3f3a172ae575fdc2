package io.ociregistry.registry.verify;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.load.LoadFetch;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.QuarantinedRecord;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repairs manifest records: quarantines a corrupt record, and fetches its manifest again.
 *
 * <p>The content of a corrupt record is not trusted. Its manifest is fetched by the names that the content index still
 * has, by the digests in the indexes that list it, and by the names that can be read from the quarantined file. A tag
 * is restored only if its upstream still means this manifest by it.
 */
public final class ManifestRepair {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestRepair.class);
    private static final String NO_NAME =
            "its record is quarantined, and its image is not known; pull the image again, or load it with"
                    + " load --image-file; if it is not needed any more, delete its files in corrupt/";

    private final ManifestStore records;
    private final ContentIndex contentIndex;
    private final RecordWatcher recordWatcher;
    private final ContentSource source;
    private final boolean airGapped;

    public ManifestRepair(
            ManifestStore records,
            ContentIndex contentIndex,
            RecordWatcher recordWatcher,
            ContentSource source,
            boolean airGapped) {
        this.records = records;
        this.contentIndex = contentIndex;
        this.recordWatcher = recordWatcher;
        this.source = source;
        this.airGapped = airGapped;
    }

    void repair(
            List<Problem.ContentProblem> problems,
            Function<Repository, LoadFetch> fetching,
            Consumer<RepairOutcome> report)
            throws InterruptedException {
        if (problems.isEmpty()) {
            return;
        }
        Map<Digest, Set<ImageReference>> names = new LinkedHashMap<>();
        problems.forEach(problem -> names.put(problem.digest(), new LinkedHashSet<>()));
        contentIndex.names().forEach((name, digest) -> add(names, digest, name));
        names.keySet().forEach(this::quarantineIfCorrupt);
        quarantined().forEach(lost -> lost.names().keySet().forEach(name -> add(names, lost.digest(), name)));
        records.forEach(record -> addChildren(names, record));
        for (Problem.ContentProblem problem : problems) {
            Set<ImageReference> known = names.getOrDefault(problem.digest(), Set.of());
            report.accept(new RepairOutcome(problem, fetchByNames(problem.digest(), known, fetching)));
        }
    }

    private static void add(Map<Digest, Set<ImageReference>> names, Digest digest, ImageReference name) {
        names.computeIfPresent(digest, (unused, known) -> {
            known.add(name);
            return known;
        });
    }

    private List<QuarantinedRecord> quarantined() {
        try {
            return records.lostRecords();
        } catch (IOException e) {
            LOG.error(
                    "reading the names of quarantined records failed: {}; only names from the index are tried",
                    e.toString());
            return List.of();
        }
    }

    private static void addChildren(Map<Digest, Set<ImageReference>> names, ManifestRecord index) {
        index.manifest().children().forEach(child -> Repair.repositories(index)
                .forEach(repository -> add(names, child.digest(), new ImageReference(repository, child.digest()))));
    }

    /** Reads the record, which quarantines it if it is corrupt, and then removes its names from the content index. */
    private void quarantineIfCorrupt(Digest digest) {
        if (records.record(digest).isEmpty()) {
            recordWatcher.readRecord(digest);
        }
    }

    /** Fetches the manifest by its names. Returns why it is still missing; empty if its record is good. */
    private Optional<String> fetchByNames(
            Digest digest, Set<ImageReference> names, Function<Repository, LoadFetch> fetching)
            throws InterruptedException {
        Optional<String> obstacle = Optional.of(airGapped ? Repair.AIR_GAPPED : NO_NAME);
        if (!airGapped && records.record(digest).isEmpty()) {
            for (ImageReference name : names) {
                obstacle =
                        fetch(digest, name, fetching.apply(name.repository())).or(() -> Optional.of(NO_NAME));
            }
        }
        return records.record(digest).isPresent() ? Optional.empty() : obstacle;
    }

    private Optional<String> fetch(Digest digest, ImageReference name, LoadFetch fetch) throws InterruptedException {
        try {
            Manifest manifest = fetch.manifest(new ImageReference(name.repository(), digest));
            // In the meantime an older record may claim the tag.
            boolean lostTag = name.reference() instanceof Tag
                    && source.cached(name).filter(manifest::equals).isEmpty();
            if (lostTag
                    && !fetch.awaitWithRetries(() -> source.recordTag(name, manifest))
                    && source.cached(name).isEmpty()) {
                LOG.warn("{} means another manifest upstream by now; a client that pulls it gets that manifest", name);
            }
            return Optional.empty();
        } catch (RegistryException e) {
            return Optional.of(e.getMessage());
        }
    }
}
