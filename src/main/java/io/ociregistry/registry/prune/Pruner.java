package io.ociregistry.registry.prune;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePlan.Change;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.disk.StoreAccess;
import io.ociregistry.store.manifest.ManifestStore;
import java.io.IOException;
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
 * Takes away what nobody needs: beside a running server, or by itself.
 *
 * <p>What is left is marked from the records on the disk each time (see {@link MarkPhase}), and told before it is done. What holds:
 *
 * <ol>
 *   <li>names go first, and durably, then what nothing reaches without them: a crash leaves blobs that nobody needs, which the next run takes,
 *       and never an image without its blobs;
 *   <li>a blob is deleted only while the {@link ContentIndex} holds off every record that would name it. A record is added to it before anybody is
 *       told of the manifest. So a blob is either gone before somebody can want it, and is fetched anew, or it stays;
 *   <li>a record changes under its own lock, and only if it says what was decided upon: what a client or an upstream changed meanwhile stays;
 *   <li>what is arriving, is held for an image that is, was opened a moment ago, or is in quarantine, is left alone, and so is what no record names as long as it is young: its
 *       manifest may be on its way. Who has opened a file reads it to its end;
 *   <li>whoever gives up the lock of the cache closes this before: from then on it is another process that says what is named;
 *   <li>if there is a record that can't be read, no blob goes: it may be one of those that it names. If it can't be told which there are,
 *       nothing goes. Once it is in quarantine, what it named stays until it comes again or is deleted there (ADR 28).
 * </ol>
 */
public final class Pruner {
    /** Records and blobs that others copy here come in any order. */
    static final Duration GRACE = Duration.ofHours(1);
    /** That {@link ContentIndex#nextCheck} may be ahead of the clock. */
    private static final Duration TOLERANCE = Duration.ofMinutes(1);

    /** So many names are told in a message. */
    private static final int TOLD = 3;

    private final PrunedStore store;
    private final ManifestStore records;
    private final BlobStore blobs;
    private final ContentIndex catalog;
    private final Supplier<Optional<ReferencePatterns>> pins;
    private final Clock clock;
    private final Consumer<Set<ImageReference>> whenGone;
    /** Blobs that were to go and could not yet. Guarded by "this". */
    private final Set<Digest> leftOver = new HashSet<>();
    /** Held while something is changed, but not while that is decided, which takes long. */
    private final Object changing = new Object();
    /** Guarded by "changing". */
    private boolean closed;

    public Pruner(
            PrunedStore store,
            ContentIndex catalog,
            Supplier<Optional<ReferencePatterns>> pins,
            Clock clock,
            Consumer<Set<ImageReference>> whenGone) {
        this.store = store;
        this.records = store.records();
        this.blobs = store.blobs();
        this.catalog = catalog;
        this.pins = pins;
        this.clock = clock;
        this.whenGone = whenGone;
    }

    /**
     * Returns a pruner for a store that no server uses.
     *
     * @throws RegistryException if the pins of the configuration are not valid
     */
    public static Pruner of(StoreAccess access, ServerConfig config) {
        PrunedStore store = PrunedStore.in(access.layout(), config);
        ContentIndex catalog = ContentIndex.of(store.records());
        Optional<ReferencePatterns> pins = ReferencePatterns.pins(config.cache());
        return new Pruner(store, catalog, () -> pins, Clock.systemUTC(), gone -> {});
    }

    /**
     * Prunes, or tells what that would do. One at a time.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if that is refused, {@link ErrorCode#STORE_FAILED} if the disk fails
     */
    public synchronized PruneReport prune(PruneRequest request) {
        PrunePlan plan = plan(request);
        return request.dryRun() ? PruneReport.of(plan, true) : carryOut(plan);
    }

    /** Takes what could not go before, since somebody had just opened it. */
    synchronized void sweepLeftOver() {
        leftOver.removeIf(digest -> catalog.isNamed(digest) || !blobs.contains(digest));
        if (!leftOver.isEmpty()) {
            prune(new PruneRequest(new PrunePolicy.AllOf(List.of()), OptionalInt.of(0), OptionalLong.empty(), false));
        }
    }

    /** Bytes that the cache has, without those of what is being received. */
    long size() {
        return store.bytes(blobs.files());
    }

    PrunePlan plan(PruneRequest request) {
        Set<Digest> unread = digests();
        List<ManifestSummary> read = new ArrayList<>();
        records.forEach(record -> read.add(ManifestSummary.of(record)));
        read.forEach(record -> unread.remove(record.digest()));
        ReferenceGraph census = new ReferenceGraph(read);
        if (request.policy().isByAge()) {
            checkClock(census);
        }
        // Looked at after the records: a file that is in neither came meanwhile.
        List<BlobFile> files = blobs.files();
        long size = store.bytes(files);
        Instant young = clock.instant().minus(GRACE);
        PruneContext limits = new PruneContext(
                pins.get(),
                blobs.receiving(),
                file -> leftOver.contains(file.digest())
                        || (file.changed().isBefore(young) && !catalog.isNamed(file.digest())),
                lost(),
                size);
        Map<Digest, BlobFile> deletable = unread.isEmpty()
                ? files.stream()
                        .filter(file -> !catalog.isHeld(file.digest()))
                        .collect(Collectors.toMap(BlobFile::digest, Function.identity()))
                : Map.of();
        PrunePlan plan = new PrunePlanner(census, deletable, limits).plan(request);
        return unread.isEmpty() ? plan : plan.without(unread);
    }

    /** Of what is not known it is not known either which blobs it names. */
    private Set<Digest> digests() {
        try {
            return records.digests();
        } catch (IOException e) {
            throw disk(e);
        }
    }

    /** Those that went bad name blobs too. */
    private List<QuarantinedRecord> lost() {
        try {
            return records.lost();
        } catch (IOException e) {
            throw disk(e);
        }
    }

    private void checkClock(ReferenceGraph census) {
        Instant now = clock.instant();
        List<Map.Entry<ImageReference, Instant>> ahead = census.after(now.plus(TOLERANCE));
        if (!ahead.isEmpty()) {
            throw new RegistryException(ErrorCode.REQUEST_INVALID, behind(now, ahead));
        }
    }

    private static String behind(Instant now, List<Map.Entry<ImageReference, Instant>> ahead) {
        String some = ahead.stream()
                .limit(TOLD)
                .map(entry -> entry.getKey() + " of " + entry.getValue())
                .collect(Collectors.joining(", "));
        int more = ahead.size() - TOLD;
        return "nothing is pruned by age while the clock, which says " + now + ", is behind what the cache has: " + some
                + (more > 0 ? " and " + more + " more" : "")
                + "; set the clock, or if it is right prune these, or the index that lists them, by pattern, and pull"
                + " them again";
    }

    /** Does it. What is not as it was decided upon stays, and with it what it lists. */
    PruneReport carryOut(PrunePlan plan) {
        List<String> unchanged = new ArrayList<>();
        try {
            // First: what a crash leaves is a good record, and not one that is missed.
            whileOpen(() -> forgetLost(plan.goingRecords()));
            plan.records().forEach((digest, change) -> whileOpen(() -> dropOutdated(digest, change)));
            Set<Digest> listed = new HashSet<>();
            for (Digest digest : plan.listersFirst()) {
                Change change = Objects.requireNonNull(plan.records().get(digest));
                boolean stays = listed.contains(digest);
                if (stays || !whileOpen(() -> change(digest, change))) {
                    unchanged.add(digest + " stays, since " + (stays ? "an index that lists it" : "its record")
                            + " changed meanwhile");
                    listed.addAll(change.manifest().children());
                }
            }
            records.force();
            Set<Digest> forgotten = new HashSet<>(plan.forgotten());
            forgotten.removeAll(listed);
            whileOpen(() -> forgetLost(forgotten));
        } catch (IOException e) {
            throw disk(e);
        }
        plan.gone().stream().filter(image -> !isHere(image)).forEach(image -> whileOpen(() -> forget(image)));
        whenGone.accept(plan.gone());
        List<BlobFile> left = plan.blobs().stream()
                .filter(blob -> !whileOpen(() -> delete(blob)))
                .toList();
        left.stream()
                .filter(blob -> !catalog.isNamed(blob.digest()))
                .forEach(blob -> unchanged.add(blob.digest() + " is in use and goes with the next run"));
        whileOpen(() -> tidy(plan));
        return PruneReport.of(plan, false).and(unchanged);
    }

    /** Ends what is under way: when this returns, nothing changes any more. */
    public void close() {
        synchronized (changing) {
            closed = true;
        }
    }

    private boolean whileOpen(BooleanSupplier step) {
        synchronized (changing) {
            if (closed) {
                throw new RegistryException(
                        ErrorCode.OVERLOADED,
                        "pruning stopped, since the server does; what was not done goes with the next run");
            }
            return step.getAsBoolean();
        }
    }

    private void whileOpen(Runnable step) {
        whileOpen(() -> {
            step.run();
            return true;
        });
    }

    /**
     * Takes tags that go from older records that claim them. This comes first: otherwise such a tag would mean an older
     * manifest once its newest record is gone, for good if the server crashes then or the older record changed
     * meanwhile.
     */
    private void dropOutdated(Digest digest, Change change) {
        if (change.outdated().isEmpty()) {
            return;
        }
        try {
            remove(digest, change::current);
        } catch (IOException e) {
            // A full disk takes no record; one that is to be deleted needs no new one.
            if (!change.left().isEmpty()) {
                throw disk(e);
            }
        }
    }

    /** True if the record is now as was decided. */
    private boolean change(Digest digest, Change change) {
        AtomicBoolean isSame = new AtomicBoolean();
        try {
            remove(digest, names -> {
                isSame.set(change.isOf(names));
                return isSame.get() ? change.left() : names;
            });
            return isSame.get();
        } catch (IOException e) {
            throw disk(e);
        }
    }

    private void remove(Digest digest, UnaryOperator<List<RecordedReference>> left) throws IOException {
        records.remove(digest, new ManifestStore.Removal() {
            @Override
            public List<RecordedReference> left(ManifestRecord record) {
                return left.apply(record.references());
            }

            @Override
            public void done(ManifestRecord before, List<RecordedReference> now) {
                catalog.remove(
                        ManifestSummary.of(before),
                        now.stream().map(RecordedReference::name).collect(Collectors.toSet()));
            }
        });
    }

    private void forgetLost(Set<Digest> manifests) {
        try {
            records.forgetLost(manifests);
        } catch (IOException e) {
            throw disk(e);
        }
    }

    private boolean delete(BlobFile blob) {
        boolean deleted = catalog.unlessNamed(blob.digest(), () -> blobs.delete(blob));
        if (deleted || catalog.isNamed(blob.digest())) {
            leftOver.remove(blob.digest());
        } else {
            leftOver.add(blob.digest());
        }
        return deleted;
    }

    private boolean isHere(ImageReference image) {
        return catalog.find(image).isPresent();
    }

    private void forget(ImageReference image) {
        store.incompleteImages().remove(image);
        if (image.reference() instanceof Digest digest) {
            catalog.unlessNamed(digest, () -> !blobs.contains(digest));
            store.lists().remove(new ListName.Referrers(image.repository(), digest));
        }
    }

    /** What was kept beside what is gone. */
    private void tidy(PrunePlan plan) {
        if (plan.isComplete()) {
            blobs.discardInterrupted(
                    digest -> plan.unreached().contains(digest) && !catalog.isNamed(digest), Instant.MAX);
            blobs.discardInterrupted(
                    digest -> !catalog.isNamed(digest) && !plan.spared().contains(digest),
                    clock.instant().minus(GRACE));
        }
        plan.gone().stream()
                .map(ImageReference::repository)
                .distinct()
                .filter(repository -> !catalog.has(repository))
                .forEach(this::forget);
        if (!plan.blobs().isEmpty() || !plan.gone().isEmpty()) {
            store.links().retain(link -> catalog.isNamed(link.digest())
                    || blobs.receiving().contains(link.digest())
                    || blobs.contains(link.digest()));
        }
    }

    private void forget(Repository repository) {
        store.lists().remove(new ListName.Tags(repository));
    }

    private static RegistryException disk(IOException e) {
        return new RegistryException(
                ErrorCode.STORE_FAILED,
                "pruning stopped, since the cache's disk failed: " + e.getMessage()
                        + "; what was not done goes with the next run",
                e);
    }
}
