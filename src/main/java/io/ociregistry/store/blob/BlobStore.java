package io.ociregistry.store.blob;

import io.ociregistry.common.DurableRename;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.CorruptFile;
import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.InterruptedDownload;
import io.ociregistry.store.disk.Directories;
import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.ExternalFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.store.disk.VerifiedIndex;
import io.ociregistry.store.download.BlobDownload;
import io.ociregistry.store.download.Checkpoints;
import io.ociregistry.store.download.PartialFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The blobs on disk.
 *
 * <p>The files are authoritative (ADR 4): a file that another program added counts as a blob, and a deleted file does
 * not. {@link #open} opens only verified blobs. A file that this store did not publish, or that changed afterwards, is
 * verified first: see {@link #openUnverified} and {@link #verifyUnverified}. Thread-safe.
 */
public final class BlobStore {
    private static final Logger LOG = LoggerFactory.getLogger(BlobStore.class);

    private final Layout layout;
    private final VerifiedIndex verified;
    private final Quarantine quarantine;
    private final Supplier<Duration> stallTimeout;
    private final RecentlyOpened opened;
    private final DiskQuota quota;
    /** The partial files of downloads in flight. */
    private final Set<Path> partialsInUse = ConcurrentHashMap.newKeySet();
    /** Held while a blob is published, deleted or quarantined. */
    private final Object[] locks = Stream.generate(Object::new).limit(64).toArray();

    /**
     * Creates a store without a quota in a layout whose directories exist.
     *
     * @param stallTimeout how long a reader of a pass-through download may read nothing while others wait for it
     */
    public BlobStore(Layout layout, Duration stallTimeout) {
        this(layout, () -> stallTimeout, DiskQuota.unlimited(), System::nanoTime);
    }

    /** Creates a store with a quota and its own clock. */
    public BlobStore(Layout layout, Supplier<Duration> stallTimeout, DiskQuota quota, LongSupplier nanoTime) {
        this.quota = quota;
        this.opened = new RecentlyOpened(nanoTime);
        this.layout = layout;
        this.stallTimeout = stallTimeout;
        this.verified = new VerifiedIndex(layout);
        this.quarantine = new Quarantine(layout);
    }

    /** Returns true if the file of a blob exists, verified or not, and is not known to be corrupt. */
    public boolean contains(Digest digest) {
        Path file = layout.blob(digest);
        return Files.isRegularFile(file) && !quarantine.isKnown(file);
    }

    /** Returns the size of the file of a blob, verified or not; empty if {@link #contains} is false. */
    public OptionalLong size(Digest digest) {
        Path file = layout.blob(digest);
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.isRegularFile() && !quarantine.isKnown(file)
                    ? OptionalLong.of(attributes.size())
                    : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** Returns every blob that {@link #contains} is true for, in no order. */
    public List<Digest> digests() {
        List<Digest> digests = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.blobs(), ExternalFiles::isCacheFile)) {
            Layout.digestOf(file).filter(this::contains).ifPresent(digests::add);
        }
        return digests;
    }

    /**
     * Reads a whole small blob, such as a config, and verifies its digest.
     *
     * @param maxBytes the size above which it is not read
     * @return empty if it does not exist, is too large, can't be read or has another digest
     */
    public Optional<byte[]> read(Digest digest, int maxBytes) {
        OptionalLong size = size(digest);
        if (size.isEmpty() || size.getAsLong() > maxBytes) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readAllBytes(layout.blob(digest))).filter(digest::matches);
        } catch (IOException e) {
            LOG.warn("reading {} failed: {}", layout.blob(digest), e.toString());
            return Optional.empty();
        }
    }

    /** Returns why this process may not read the file of a blob; empty if it may, or if there is no file. */
    public Optional<String> unreadableReason(Digest digest) {
        Optional<String> reason = layout.unreadable().reasonIfUnreadable(layout.blob(digest));
        layout.unreadable().logChange();
        return reason;
    }

    /** Returns true if the file of a blob is verified and readable, so that {@link #open} would open it. */
    public boolean isVerified(Digest digest) {
        Path file = layout.blob(digest);
        try {
            return verified.contains(file) && Files.isReadable(file);
        } catch (IOException e) {
            return false;
        }
    }

    /** Opens a verified blob, which the caller closes; empty if there is none or it is being deleted. */
    public Optional<BlobSource> open(Digest digest) {
        Path file = layout.blob(digest);
        try {
            return verified.contains(file) && opened.canOpen(digest)
                    ? Optional.of(open(digest, file))
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (AccessDeniedException e) {
            layout.unreadable().add(file);
            return Optional.empty();
        } catch (IOException e) {
            LOG.error("opening {} failed: {}", file, e.toString());
            return Optional.empty();
        }
    }

    private BlobSource open(Digest digest, Path file) throws IOException {
        String fileStamp = VerifiedIndex.fileStamp(file);
        return StoredBlob.open(digest, file, problem -> quarantine(digest, file, fileStamp, problem));
    }

    /** Starts the download of a blob of unknown size; see {@link #startDownload(Digest, Repository, OptionalLong)}. */
    public BlobDownload startDownload(Digest digest, Repository source) {
        return startDownload(digest, source, OptionalLong.empty());
    }

    /**
     * Starts or resumes the download of a blob. The bytes of an earlier attempt stay up to their last checkpoint.
     *
     * <p>The download is pass-through if the cache is read-only, the disk fails, the quota does not take the blob, this
     * process may not read a file of the blob, or a download of the blob from this registry is in flight. May wait
     * until other blobs are evicted.
     *
     * @param source the repository that sends the blob; each registry has a partial file of its own
     * @param expected the size, if a manifest says it
     */
    public BlobDownload startDownload(Digest digest, Repository source, OptionalLong expected) {
        Path file = layout.partial(digest, source.registry());
        if (!layout.isWritable()
                || isUnreadable(layout.blob(digest))
                || isUnreadable(file)
                || !partialsInUse.add(file)) {
            return BlobDownload.passThrough(digest, stallTimeout.get());
        }
        DiskQuota.Reservation reservation = quota.startReservation(Directories.size(file));
        if (!reservation.extend(expected.orElse(0))) {
            finish(file, reservation);
            return BlobDownload.passThrough(digest, stallTimeout.get());
        }
        try {
            layout.ensureDirectory(layout.partials());
            quarantine.clearPath(file);
            PartialFile opened = PartialFile.receive(layout, file, source);
            return BlobDownload.receive(
                    digest, opened, stallTimeout.get(), reservation, () -> finish(file, reservation));
        } catch (IOException e) {
            finish(file, reservation);
            LOG.error("opening {} failed, so this blob goes to clients without being stored: {}", file, e.toString());
            return BlobDownload.passThrough(digest, stallTimeout.get());
        }
    }

    /** Returns true if this process may not read a file. The store does not replace such a file. */
    private boolean isUnreadable(Path file) {
        return layout.unreadable().reasonIfUnreadable(file).isPresent();
    }

    /** Returns false if the quota has no space for a blob of this size. */
    public boolean canStore(OptionalLong size) {
        return quota.canStore(size.orElse(0));
    }

    private void finish(Path partial, DiskQuota.Reservation reservation) {
        reservation.release(Directories.size(partial));
        partialsInUse.remove(partial);
    }

    /**
     * Starts the download of a part of a blob for one reader; it is neither stored nor verified.
     *
     * @param size bytes of the whole blob
     */
    public BlobDownload startRange(Digest digest, long size, long from) {
        return BlobDownload.range(digest, size, from, stallTimeout.get());
    }

    /**
     * Returns the blobs that have a partial file of an interrupted download and are not in flight. Deletes partial
     * files of blobs that are verified by now.
     */
    public List<InterruptedDownload> interrupted() {
        List<InterruptedDownload> found = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.partials(), ExternalFiles::isCacheFile)) {
            Optional<InterruptedDownload> blob = partialsInUse.contains(file) ? Optional.empty() : interrupted(file);
            if (blob.isPresent() && isVerified(blob.get().digest())) {
                // The whole blob came from another registry, or was copied in.
                discardIdle(file);
            } else {
                blob.ifPresent(found::add);
            }
        }
        return found;
    }

    private static Optional<InterruptedDownload> interrupted(Path partial) {
        return Layout.digestOf(partial)
                .flatMap(digest -> Checkpoints.source(partial).map(source -> new InterruptedDownload(digest, source)));
    }

    /**
     * Publishes a verified download: forces its partial file to disk, renames it and forces the rename. If the blobs
     * are on another file system, a copy is published. Call it only if {@link BlobDownload#isWrittenToDisk}.
     *
     * @throws IOException if the disk fails; the partial file stays
     */
    public void publish(BlobDownload download) throws IOException {
        PartialFile file = download.file();
        file.force();
        Path target = layout.blob(download.digest());
        layout.ensureDirectory(layout.blobs());
        quarantine.clearPath(target);
        try {
            publish(download, file.path(), target);
        } catch (AtomicMoveNotSupportedException otherDisk) {
            Path copy = DurableFiles.copyToFileSystemOf(layout, file.path(), target);
            try {
                publish(download, copy, target);
            } finally {
                Files.deleteIfExists(copy);
            }
            Files.deleteIfExists(file.path());
        }
        Checkpoints.delete(file.path());
    }

    private void publish(BlobDownload download, Path whole, Path target) throws IOException {
        // Added before the rename: after a crash, a blob without its line in the verified index is hashed again.
        verified.add(target, VerifiedIndex.fileStamp(whole));
        synchronized (lock(download.digest())) {
            DurableFiles.checkReplaceable(layout, target);
            long replaced = Directories.size(target);
            DurableRename.publish(whole, target);
            quota.freed(replaced);
            download.reservation().published(Directories.size(target));
        }
    }

    /** Deletes the partial file of a download and its checkpoints, if there are any. */
    public void discard(BlobDownload download) {
        download.path().ifPresent(BlobStore::discard);
    }

    /** Deletes a partial file that no download in flight uses, and returns its bytes to the quota. */
    private void discardIdle(Path partial) {
        long size = Directories.size(partial);
        discard(partial);
        quota.freed(size - Directories.size(partial));
    }

    private static void discard(Path partial) {
        try {
            Files.deleteIfExists(partial);
            Checkpoints.delete(partial);
        } catch (IOException e) {
            LOG.error("deleting {} failed: {}", partial, e.toString());
        }
    }

    /** Returns the files of all blobs, in no order. */
    public List<BlobFile> files() {
        List<BlobFile> found = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.blobs(), ExternalFiles::isCacheFile)) {
            Layout.digestOf(file).flatMap(this::file).ifPresent(found::add);
        }
        return found;
    }

    /** Returns the file of a blob; empty if there is none, if it is a symbolic link or if it is known to be corrupt. */
    public Optional<BlobFile> file(Digest digest) {
        Path file = layout.blob(digest);
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return attributes.isRegularFile() && !quarantine.isKnown(file)
                    ? Optional.of(new BlobFile(digest, attributes.size(), ExternalFiles.lastChanged(file)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Returns the bytes of interrupted downloads. Bytes of downloads in flight are reserved in the quota. */
    public long interruptedBytes() {
        return Directories.list(layout, layout.partials(), file -> !partialsInUse.contains(file)).stream()
                .mapToLong(Directories::size)
                .sum();
    }

    /** Returns the blobs whose downloads are in flight and write to disk. */
    public Set<Digest> inFlight() {
        return partialsInUse.stream()
                .flatMap(file -> Layout.digestOf(file).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Deletes the file of a blob; a reader that has it open can read it to its end. A blob that was opened in the last
     * 60 seconds, whose download is in flight, or whose file changed after {@code blob} was read, stays.
     *
     * @return true if it was deleted
     */
    public boolean delete(BlobFile blob) {
        Path file = layout.blob(blob.digest());
        synchronized (lock(blob.digest())) {
            if (!layout.isWritable()
                    || inFlight().contains(blob.digest())
                    || !file(blob.digest()).equals(Optional.of(blob))
                    || !opened.startDeleting(blob.digest())) {
                return false;
            }
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.error("deleting {} failed: {}", file, e.toString());
                return false;
            } finally {
                opened.finishDeleting(blob.digest());
            }
        }
        verified.remove(file);
        quota.freed(blob.size());
        return true;
    }

    /**
     * Deletes partial files of interrupted downloads with their checkpoints.
     *
     * @param unwanted returns true for a blob whose partial files are deleted
     * @param changedBefore only partial files that last changed before this time are deleted
     */
    public void discardInterrupted(Predicate<Digest> unwanted, Instant changedBefore) {
        for (Path file : Directories.list(layout, layout.partials(), ExternalFiles::isCacheFile)) {
            boolean matches = !Layout.isCheckpoints(file)
                    && Layout.digestOf(file).filter(unwanted).isPresent();
            // Marked as in flight: a download that starts in the meantime does not open the file.
            if (matches && isOlder(file, changedBefore) && partialsInUse.add(file)) {
                discardIdle(file);
                partialsInUse.remove(file);
            }
        }
    }

    private static boolean isOlder(Path file, Instant time) {
        try {
            return ExternalFiles.lastChanged(file).isBefore(time);
        } catch (IOException gone) {
            return false;
        }
    }

    private Object lock(Digest digest) {
        return locks[digest.hashCode() & (locks.length - 1)];
    }

    /**
     * Opens a file of the store that is not verified, so that clients can read it while {@link #verifyUnverified}
     * hashes it.
     *
     * @return empty if there is no such file, or if it is being deleted
     */
    public Optional<BlobDownload> openUnverified(Digest digest) throws IOException {
        Path file = layout.blob(digest);
        try {
            if (!opened.canOpen(digest)) {
                return Optional.empty();
            }
            return Optional.of(BlobDownload.recheck(digest, PartialFile.recheck(layout, file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Verifies a file of the store while clients read it. If its digest is wrong or it can't be read, its readers do
     * not get its last byte, and it is quarantined. A file that was modified in the last 60 seconds is not quarantined,
     * because another program may still be writing it.
     *
     * @throws RegistryException if the digest is wrong
     * @throws IOException if the file can't be read
     */
    public void verifyUnverified(BlobDownload unverified) throws IOException {
        long size = unverified.size().orElseThrow();
        try {
            unverified.rehash(size);
            unverified.verify();
        } catch (RegistryException e) {
            quarantine(unverified, String.valueOf(e.getMessage()));
            throw e;
        } catch (ClosedChannelException stopping) {
            throw stopping;
        } catch (IOException e) {
            quarantine(unverified, "it can't be read: " + e.getMessage());
            throw e;
        }
        verified.add(unverified.file().path(), unverified.file().fileStamp());
    }

    /**
     * Quarantines a corrupt file, unless another file replaced it. Readers that have it open can read on. The verified
     * index still knows that the blob was stored once: see {@link #wereVerified}.
     */
    public void quarantine(CorruptFile bad) {
        quarantine(bad.digest(), bad.file(), bad.fileStamp(), bad.problem());
    }

    private void quarantine(BlobDownload unverified, String reason) {
        quarantine(
                unverified.digest(), unverified.file().path(), unverified.file().fileStamp(), reason);
    }

    private void quarantine(Digest digest, Path file, String fileStamp, String reason) {
        long size;
        synchronized (lock(digest)) {
            size = Directories.size(file);
            quarantine.handleCorrupt(file, fileStamp, reason);
            size -= Directories.size(file);
        }
        quota.freed(size);
    }

    /**
     * Returns those of the given blobs that were verified once and not deleted by {@link #delete} afterwards. Reads the
     * whole verified index from disk.
     */
    public Set<Digest> wereVerified(Set<Digest> digests) {
        return verified.verifiedBefore(digests);
    }

    /** Returns true if the file of a blob may have the right content, which has the size of the descriptor. */
    public boolean mayContain(Descriptor blob) {
        return mayContain(blob.digest(), blob.size());
    }

    /**
     * Returns true if the file of a blob may have the right content: it is readable and has the expected size. An empty
     * file, which a crash may leave, is right only for the digest of no bytes.
     *
     * @param expected the size, if a manifest says it
     */
    public boolean mayContain(Digest digest, OptionalLong expected) {
        OptionalLong size = size(digest);
        if (size.isEmpty() || (expected.isPresent() && size.getAsLong() != expected.getAsLong())) {
            return false;
        }
        boolean isTruncated = size.getAsLong() == 0 && !digest.equals(Digest.of(digest.algorithm(), new byte[0]));
        return !isTruncated && !isUnreadable(layout.blob(digest));
    }

    /** Opens the file of a blob, verified or not. The caller verifies the content and closes the stream. */
    public InputStream openStream(Digest digest) throws IOException {
        return Files.newInputStream(layout.blob(digest));
    }

    /** Retries the writes to the verified index that failed. */
    public void save() {
        verified.flush();
    }
}
