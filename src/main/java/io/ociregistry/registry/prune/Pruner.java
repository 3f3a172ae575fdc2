package io.ociregistry.registry.prune;

import io.ociregistry.common.ProgressListener;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.metrics.MaintenanceMetrics;
import io.ociregistry.metrics.Metrics;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePlan.Change;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.Store;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Removes the names that a request selects, and the blobs that nothing needs without them (ADR 21).
 *
 * <p>Works in a running server or in a command. Any thread may call it; one prune runs at a time. Each run marks from
 * the records on disk what stays (see {@link MarkPhase}), and completes its plan before it changes anything:
 *
 * <ol>
 *   <li>Names are removed first, durably, and then the blobs that are unreachable without them. A crash leaves blobs
 *       that no record names, which the next run deletes, and never an image without its blobs.
 *   <li>A blob is deleted only while the {@link ContentIndex} blocks every record that would name the blob. A record is
 *       added to the index before a client gets the manifest. So a blob is either deleted before a client can request
 *       it, and is fetched again, or it stays.
 *   <li>A record changes under its own lock, and only if it still has the names that the plan is based on. Names that a
 *       client or an upstream changed in the meantime stay.
 *   <li>A blob stays while it is in flight, pinned for an image whose manifest is not stored yet, or opened less than
 *       60 seconds ago. A blob that no record names stays while it is younger than one hour, because its manifest may
 *       be in flight. Quarantined blobs are not touched. A reader of a deleted file reads it to the end.
 *   <li>The owner closes the pruner before it releases the lock of the store, because from then on the records of
 *       another process decide which blobs are named.
 *   <li>While a record cannot be read, no blob is deleted, because the record may name any of them. If the list of the
 *       records cannot be read, nothing is changed. The blobs of a quarantined record stay until its manifest is
 *       fetched again or its file is deleted from the quarantine (ADR 28).
 * </ol>
 */
public final class Pruner {
    /** The age from which a blob without a record is deleted: other programs copy records and blobs in any order. */
    static final Duration GRACE = Duration.ofHours(1);
    /** The time that {@link ContentIndex#nextConfirmationTime} may be ahead of the clock. */
    private static final Duration TOLERANCE = Duration.ofMinutes(1);

    private static final int NAMES_IN_MESSAGE = 3;

    private final PrunedStore store;
    private final ManifestStore records;
    private final BlobStore blobs;
    private final ContentIndex contentIndex;
    private final Supplier<Optional<ReferencePatterns>> pins;
    private final Clock clock;
    private final Consumer<Set<ImageReference>> onRemoved;
    private final MaintenanceMetrics metrics;
    /** Blobs of earlier runs that were in use and are still to be deleted. Guarded by "this". */
    private final Set<Digest> deferredBlobs = new HashSet<>();
    /** Held during each change, but not while the plan is made, which takes long. */
    private final Object changeLock = new Object();
    /** Guarded by "changeLock". */
    private boolean closed;

    public Pruner(
            PrunedStore store,
            ContentIndex contentIndex,
            Supplier<Optional<ReferencePatterns>> pins,
            Clock clock,
            Consumer<Set<ImageReference>> onRemoved,
            MaintenanceMetrics metrics) {
        this.store = store;
        this.records = store.records();
        this.blobs = store.blobs();
        this.contentIndex = contentIndex;
        this.pins = pins;
        this.clock = clock;
        this.onRemoved = onRemoved;
        this.metrics = metrics;
    }

    /**
     * Returns a pruner for a store that no server uses.
     *
     * @throws RegistryException if the pins of the configuration are not valid
     */
    public static Pruner of(Store store, ServerConfig config) {
        ContentIndex contentIndex = ContentIndex.of(store.manifests());
        Optional<ReferencePatterns> pins = ReferencePatterns.pins(config.cache());
        return new Pruner(
                PrunedStore.of(store),
                contentIndex,
                () -> pins,
                Clock.systemUTC(),
                gone -> {},
                new Metrics().maintenance());
    }

    /**
     * Prunes, or reports what a prune would remove if the request is a dry run.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if the request selects by age and the clock is behind
     *     the records, {@link ErrorCode#STORE_FAILED} if the disk fails, {@link ErrorCode#OVERLOADED} after {@link
     *     #close}
     */
    public PruneReport prune(PruneRequest request) {
        return prune(request, ProgressListener.NONE);
    }

    /**
     * Prunes as {@link #prune(PruneRequest)} does.
     *
     * @param progress gets the number of records that were read and of changes that were made
     */
    public synchronized PruneReport prune(PruneRequest request, ProgressListener progress) {
        Steps steps = new Steps(progress);
        PrunePlan plan = plan(request, steps);
        return request.dryRun() ? PruneReport.of(plan, true) : execute(plan, steps);
    }

    /** Counts the steps of one run. */
    private static final class Steps {
        private final ProgressListener progress;
        private long done;
        private long total;

        Steps(ProgressListener progress) {
            this.progress = progress;
        }

        void expect(long more) {
            total += more;
        }

        void step() {
            progress.progressed(++done, Math.max(done, total));
        }
    }

    /** Prunes, and counts what was removed with this reason. */
    public PruneReport prune(PruneRequest request, MaintenanceMetrics.Removal reason) {
        PruneReport report = prune(request);
        if (!report.isDryRun()) {
            metrics.removed(reason, report.names().size(), report.bytes());
        }
        return report;
    }

    /** Deletes the blobs that earlier runs left because they were in use. */
    synchronized void retryDeferredDeletes() {
        deferredBlobs.removeIf(digest -> contentIndex.isReferenced(digest) || !blobs.contains(digest));
        if (!deferredBlobs.isEmpty()) {
            prune(new PruneRequest(new PrunePolicy.AllOf(List.of()), OptionalInt.of(0), OptionalLong.empty(), false));
        }
    }

    /** Returns the bytes of the cache, without those of downloads in flight. */
    long size() {
        return store.bytes(blobs.files());
    }

    PrunePlan plan(PruneRequest request) {
        return plan(request, new Steps(ProgressListener.NONE));
    }

    private PrunePlan plan(PruneRequest request, Steps steps) {
        Set<Digest> unread = recordedDigests();
        List<ManifestSummary> read = new ArrayList<>();
        steps.expect(unread.size());
        records.forEach(record -> {
            read.add(ManifestSummary.of(record));
            steps.step();
        });
        read.forEach(record -> unread.remove(record.digest()));
        ReferenceGraph graph = new ReferenceGraph(read);
        if (request.policy().isByAge()) {
            checkClock(graph);
        }
        // Listed after the records: a file that no record names was added in the meantime.
        List<BlobFile> files = blobs.files();
        long size = store.bytes(files);
        Instant graceStart = clock.instant().minus(GRACE);
        PrunePlanner.Context context = new PrunePlanner.Context(
                pins.get(),
                blobs.inFlight(),
                file -> deferredBlobs.contains(file.digest())
                        || (file.lastChanged().isBefore(graceStart) && !contentIndex.isReferenced(file.digest())),
                quarantined(),
                size);
        Map<Digest, BlobFile> deletable = unread.isEmpty()
                ? files.stream()
                        .filter(file -> !contentIndex.isPinned(file.digest()))
                        .collect(Collectors.toMap(BlobFile::digest, Function.identity()))
                : Map.of();
        PrunePlan plan = new PrunePlanner(graph, deletable, context).plan(request);
        return unread.isEmpty() ? plan : plan.withoutBlobs(unread);
    }

    private Set<Digest> recordedDigests() {
        try {
            return records.digests();
        } catch (IOException e) {
            throw diskFailed(e);
        }
    }

    private List<QuarantinedRecord> quarantined() {
        try {
            return records.lostRecords();
        } catch (IOException e) {
            throw diskFailed(e);
        }
    }

    private void checkClock(ReferenceGraph graph) {
        Instant now = clock.instant();
        List<Map.Entry<ImageReference, Instant>> ahead = graph.namesNewerThan(now.plus(TOLERANCE));
        if (!ahead.isEmpty()) {
            throw new RegistryException(ErrorCode.REQUEST_INVALID, clockBehind(now, ahead));
        }
    }

    private static String clockBehind(Instant now, List<Map.Entry<ImageReference, Instant>> ahead) {
        String some = ahead.stream()
                .limit(NAMES_IN_MESSAGE)
                .map(entry -> entry.getKey() + " of " + entry.getValue())
                .collect(Collectors.joining(", "));
        int more = ahead.size() - NAMES_IN_MESSAGE;
        return "cannot prune by age: the clock says " + now + ", but the cache has later times: " + some
                + (more > 0 ? " and " + more + " more" : "")
                + "; set the clock. If the clock is right, prune these images, or the index that lists them, by pattern"
                + " and pull them again";
    }

    /**
     * Carries out a plan. A record that changed since the plan was made stays, and so do the manifests that it lists.
     */
    PruneReport execute(PrunePlan plan) {
        return execute(plan, new Steps(ProgressListener.NONE));
    }

    private PruneReport execute(PrunePlan plan, Steps steps) {
        List<String> unchanged = new ArrayList<>();
        steps.expect(plan.changes().size() + plan.blobs().size());
        try {
            // Before the records: a crash after them would leave quarantined files whose digests count as lost again.
            changeIfOpen(() -> forgetLost(plan.deletedRecords()));
            plan.changes().forEach((digest, change) -> changeIfOpen(() -> dropOutdated(digest, change)));
            Set<Digest> listed = new HashSet<>();
            for (Digest digest : plan.parentsFirst()) {
                steps.step();
                Change change = Objects.requireNonNull(plan.changes().get(digest));
                boolean stays = listed.contains(digest);
                if (stays || !changeIfOpen(() -> change(digest, change))) {
                    unchanged.add(digest + " stays, because " + (stays ? "an index that lists it" : "its record")
                            + " changed in the meantime");
                    listed.addAll(change.manifest().children());
                }
            }
            records.force();
            Set<Digest> forgotten = new HashSet<>(plan.obsoleteRecords());
            forgotten.removeAll(listed);
            changeIfOpen(() -> forgetLost(forgotten));
        } catch (IOException e) {
            throw diskFailed(e);
        }
        plan.removed().stream().filter(image -> !isCached(image)).forEach(image -> changeIfOpen(() -> forget(image)));
        onRemoved.accept(plan.removed());
        List<BlobFile> left = plan.blobs().stream()
                .peek(blob -> steps.step())
                .filter(blob -> !changeIfOpen(() -> delete(blob)))
                .toList();
        left.stream()
                .filter(blob -> !contentIndex.isReferenced(blob.digest()))
                .forEach(blob -> unchanged.add(blob.digest() + " is in use; the next run deletes it"));
        changeIfOpen(() -> deleteDependents(plan));
        return PruneReport.of(plan, false).withKept(unchanged);
    }

    /** Stops a run in progress. After the return, this pruner changes nothing any more. */
    public void close() {
        synchronized (changeLock) {
            closed = true;
        }
    }

    private boolean changeIfOpen(BooleanSupplier step) {
        synchronized (changeLock) {
            if (closed) {
                throw serverStops();
            }
            return step.getAsBoolean();
        }
    }

    private void changeIfOpen(Runnable step) {
        changeIfOpen(() -> {
            step.run();
            return true;
        });
    }

    /**
     * Removes deleted tags from older records that claim them. Runs before the newest record changes: otherwise the tag
     * would mean an older manifest afterwards, and would keep it if the server crashed or the older record had changed
     * in the meantime.
     */
    private void dropOutdated(Digest digest, Change change) {
        if (change.outdated().isEmpty()) {
            return;
        }
        try {
            remove(digest, change::withoutOutdated);
        } catch (IOException e) {
            // A full disk takes no new record, but a record that is to be deleted needs none.
            if (!change.remaining().isEmpty()) {
                throw diskFailed(e);
            }
        }
    }

    /** Returns true if the record had the planned names and was changed. */
    private boolean change(Digest digest, Change change) {
        AtomicBoolean isSame = new AtomicBoolean();
        try {
            remove(digest, names -> {
                isSame.set(change.matches(names));
                return isSame.get() ? change.remaining() : names;
            });
            return isSame.get();
        } catch (IOException e) {
            throw diskFailed(e);
        }
    }

    private void remove(Digest digest, UnaryOperator<List<RecordedReference>> left) throws IOException {
        records.remove(digest, new ManifestStore.Removal() {
            @Override
            public List<RecordedReference> remaining(ManifestRecord record) {
                return left.apply(record.references());
            }

            @Override
            public void removed(ManifestRecord before, List<RecordedReference> now) {
                contentIndex.remove(
                        ManifestSummary.of(before),
                        now.stream().map(RecordedReference::name).collect(Collectors.toSet()));
            }
        });
    }

    private void forgetLost(Set<Digest> manifests) {
        try {
            records.forgetLost(manifests);
        } catch (IOException e) {
            throw diskFailed(e);
        }
    }

    private boolean delete(BlobFile blob) {
        boolean deleted = contentIndex.runIfUnreferenced(blob.digest(), () -> blobs.delete(blob));
        if (deleted || contentIndex.isReferenced(blob.digest())) {
            deferredBlobs.remove(blob.digest());
        } else {
            deferredBlobs.add(blob.digest());
        }
        return deleted;
    }

    private boolean isCached(ImageReference image) {
        return contentIndex.find(image).isPresent();
    }

    private void forget(ImageReference image) {
        store.incompleteImages().remove(image);
        if (image.reference() instanceof Digest digest) {
            contentIndex.runIfUnreferenced(digest, () -> !blobs.contains(digest));
            store.lists().remove(new ListName.Referrers(image.repository(), digest));
        }
    }

    /** Deletes partial files, lists and links that belong to removed manifests and blobs. */
    private void deleteDependents(PrunePlan plan) {
        if (plan.isComplete()) {
            blobs.discardInterrupted(
                    digest -> plan.unreachable().contains(digest) && !contentIndex.isReferenced(digest), Instant.MAX);
            blobs.discardInterrupted(
                    digest -> !contentIndex.isReferenced(digest)
                            && !plan.quarantineBlobs().contains(digest),
                    clock.instant().minus(GRACE));
        }
        plan.removed().stream()
                .map(ImageReference::repository)
                .distinct()
                .filter(repository -> !contentIndex.hasManifests(repository))
                .forEach(this::forget);
        if (!plan.blobs().isEmpty() || !plan.removed().isEmpty()) {
            store.links()
                    .retain(link -> contentIndex.isReferenced(link.digest())
                            || blobs.inFlight().contains(link.digest())
                            || blobs.contains(link.digest()));
        }
    }

    private void forget(Repository repository) {
        store.lists().remove(new ListName.Tags(repository));
    }

    private static RegistryException serverStops() {
        return new RegistryException(
                ErrorCode.OVERLOADED, "pruning stopped because the server stops; the next run removes the rest");
    }

    private static RegistryException diskFailed(IOException e) {
        if (e instanceof ClosedByInterruptException) {
            // The interrupt of a stopping server closes the file that is being read or written.
            return serverStops();
        }
        return new RegistryException(
                ErrorCode.STORE_FAILED,
                "pruning stopped because the disk of the cache failed: " + e.getMessage()
                        + "; the next run removes the rest",
                e);
    }
}
