package io.ociregistry.registry.verify;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.catalog.RecordWatcher;
import io.ociregistry.registry.load.LoadFetch;
import io.ociregistry.registry.load.LoadSource;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.manifest.ManifestStore;
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
 * Repairs records. A bad one is not believed: its names are those that the catalog still knows, those that indexes have for it, and those that
 * its upstream confirms of the ones it seems to have had. A tag comes back as far as its upstream still means that manifest by it.
 */
public final class ManifestRepair {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestRepair.class);
    private static final String NAMELESS =
            "it is quarantined, and nothing here tells which image it was; it comes again when a client"
                    + " pulls that, or with load --image-file; if nobody wants it, delete what is in corrupt/ of it";

    private final ManifestStore records;
    private final ContentIndex catalog;
    private final RecordWatcher discovery;
    private final LoadSource source;
    private final boolean airGapped;

    public ManifestRepair(
            ManifestStore records,
            ContentIndex catalog,
            RecordWatcher discovery,
            LoadSource source,
            boolean airGapped) {
        this.records = records;
        this.catalog = catalog;
        this.discovery = discovery;
        this.source = source;
        this.airGapped = airGapped;
    }

    void repair(
            List<Problem.OfContent> problems, Function<Repository, LoadFetch> fetching, Consumer<RepairOutcome> told)
            throws InterruptedException {
        if (problems.isEmpty()) {
            return;
        }
        Map<Digest, Set<ImageReference>> names = new LinkedHashMap<>();
        problems.forEach(problem -> names.put(problem.digest(), new LinkedHashSet<>()));
        catalog.names().forEach((name, digest) -> add(names, digest, name));
        names.keySet().forEach(this::putAway);
        lost().forEach(lost -> lost.names().keySet().forEach(name -> add(names, lost.digest(), name)));
        records.forEach(record -> addChildren(names, record));
        for (Problem.OfContent problem : problems) {
            Set<ImageReference> known = names.getOrDefault(problem.digest(), Set.of());
            told.accept(new RepairOutcome(problem, obstacle(problem.digest(), known, fetching)));
        }
    }

    private static void add(Map<Digest, Set<ImageReference>> names, Digest digest, ImageReference name) {
        names.computeIfPresent(digest, (unused, known) -> {
            known.add(name);
            return known;
        });
    }

    private List<QuarantinedRecord> lost() {
        try {
            return records.lost();
        } catch (IOException e) {
            LOG.error("looking for names of records that went bad: {}", e.toString());
            return List.of();
        }
    }

    private static void addChildren(Map<Digest, Set<ImageReference>> names, ManifestRecord index) {
        index.manifest().children().forEach(child -> Repair.repositories(index)
                .forEach(repository -> add(names, child.digest(), new ImageReference(repository, child.digest()))));
    }

    /** Reading quarantines what is bad; then the catalog has to forget what only that told. */
    private void putAway(Digest digest) {
        if (records.record(digest).isEmpty()) {
            discovery.lookAt(digest);
        }
    }

    /** Why that manifest is not here again. */
    private Optional<String> obstacle(
            Digest digest, Set<ImageReference> names, Function<Repository, LoadFetch> fetching)
            throws InterruptedException {
        Optional<String> obstacle = Optional.of(airGapped ? Repair.AIR_GAPPED : NAMELESS);
        if (!airGapped && records.record(digest).isEmpty()) {
            for (ImageReference name : names) {
                obstacle =
                        fetch(digest, name, fetching.apply(name.repository())).or(() -> Optional.of(NAMELESS));
            }
        }
        return records.record(digest).isPresent() ? Optional.empty() : obstacle;
    }

    private Optional<String> fetch(Digest digest, ImageReference name, LoadFetch fetch) throws InterruptedException {
        try {
            Manifest manifest = fetch.manifest(new ImageReference(name.repository(), digest));
            // An older record may claim the tag meanwhile.
            boolean lostTag = name.reference() instanceof Tag
                    && source.cached(name).filter(manifest::equals).isEmpty();
            if (lostTag
                    && !fetch.ask(() -> source.name(name, manifest))
                    && source.cached(name).isEmpty()) {
                LOG.warn("{} means another image by now, which comes when a client asks for it", name);
            }
            return Optional.empty();
        } catch (RegistryException e) {
            return Optional.of(e.getMessage());
        }
    }
}
