package io.ociregistry.store.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.BlobStore.InterruptedDownload;
import io.ociregistry.store.CorruptFile;
import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.disk.Directories;
import io.ociregistry.store.disk.DiskFailure;
import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.ExternalFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.store.disk.VerifiedIndex;
import io.ociregistry.store.download.Checkpoints;
import io.ociregistry.store.download.LocalDownload;
import io.ociregistry.store.download.PartialFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
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
 * The blobs on disk, one file for each.
 *
 * <p>A file is verified if its line in the {@link VerifiedIndex} has the stamp that the file has now. A reader has the
 * file open, so that neither a rename nor a deletion affects it. Thread-safe.
 */
public final class DiskBlobStore implements BlobStore {
    private static final Logger LOG = LoggerFactory.getLogger(DiskBlobStore.class);

    private final Layout layout;
    private final VerifiedIndex verified;
    private final Quarantine quarantine;
    private final Supplier<Duration> stallTimeout;
    private final RecentlyOpened opened;
    private final SmallBlobs small = new SmallBlobs(Runtime.getRuntime().maxMemory() / 32);
    private final DiskQuota quota;
    /** The partial files of downloads in flight. */
    private final Set<Path> partialsInUse = ConcurrentHashMap.newKeySet();
    /** Held while a blob is published, deleted or quarantined. */
    private final Object[] locks = Stream.generate(Object::new).limit(64).toArray();

    /**
     * Creates a store in a layout whose directories exist.
     *
     * @param stallTimeout how long a reader of a pass-through download may read nothing while others wait for it
     */
    public DiskBlobStore(
            Layout layout,
            Quarantine quarantine,
            Supplier<Duration> stallTimeout,
            DiskQuota quota,
            LongSupplier nanoTime) {
        this.layout = layout;
        this.quarantine = quarantine;
        this.stallTimeout = stallTimeout;
        this.quota = quota;
        this.opened = new RecentlyOpened(nanoTime);
        this.verified = new VerifiedIndex(layout);
    }

    @Override
    public boolean contains(Digest digest) {
        Path file = layout.blob(digest);
        return Files.isRegularFile(file) && !quarantine.isKnown(file);
    }

    @Override
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

    @Override
    public List<Digest> digests() {
        List<Digest> digests = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.blobs(), ExternalFiles::isCacheFile)) {
            Layout.digestOf(file).filter(this::contains).ifPresent(digests::add);
        }
        return digests;
    }

    @Override
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

    @Override
    public Optional<String> unreadableReason(Digest digest) {
        Optional<String> reason = layout.unreadable().reasonIfUnreadable(layout.blob(digest));
        layout.unreadable().logChange();
        return reason;
    }

    @Override
    public boolean isVerified(Digest digest) {
        Path file = layout.blob(digest);
        try {
            return verified.contains(file, VerifiedIndex.fileStamp(file)) && Files.isReadable(file);
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public Optional<BlobSource> open(Digest digest) {
        Optional<BlobSource> inMemory = small.find(digest);
        return inMemory.isPresent() ? inMemory : openFile(digest);
    }

    private Optional<BlobSource> openFile(Digest digest) {
        Path file = layout.blob(digest);
        try {
            String fileStamp = VerifiedIndex.fileStamp(file);
            return verified.contains(file, fileStamp) && opened.canOpen(digest)
                    ? Optional.of(StoredBlob.open(digest, file, new ReadResults(digest, file, fileStamp)))
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

    /** Quarantines a file that can't be read, and keeps the content of a small one in memory. */
    private final class ReadResults implements StoredBlob.Listener {
        private final Digest digest;
        private final Path file;
        private final String fileStamp;

        private ReadResults(Digest digest, Path file, String fileStamp) {
            this.digest = digest;
            this.file = file;
            this.fileStamp = fileStamp;
        }

        @Override
        public void unreadable(String problem) {
            quarantine(digest, file, fileStamp, problem);
        }

        @Override
        public void readWhole(ByteBuffer content) {
            small.add(digest, file, fileStamp, content);
        }
    }

    @Override
    public LocalDownload startDownload(Digest digest, Repository source, OptionalLong expected) {
        Path file = layout.partial(digest, source.registry());
        if (!layout.isWritable() || isUnreadable(layout.blob(digest)) || !partialsInUse.add(file)) {
            return LocalDownload.passThrough(digest, stallTimeout.get());
        }
        boolean exists = quarantine.clearPath(file);
        if (exists && isUnreadable(file)) {
            partialsInUse.remove(file);
            return LocalDownload.passThrough(digest, stallTimeout.get());
        }
        DiskQuota.Reservation reservation = quota.startReservation(exists ? Directories.size(file) : 0);
        if (!reservation.extend(expected.orElse(0))) {
            finish(file, reservation);
            return LocalDownload.passThrough(digest, stallTimeout.get());
        }
        try {
            PartialFile opened = PartialFile.receive(layout, file, source, expected);
            return LocalDownload.receive(
                    digest, opened, stallTimeout.get(), reservation, () -> finish(file, reservation));
        } catch (IOException e) {
            finish(file, reservation);
            LOG.error(
                    "opening {} failed, so blob {} goes to clients without being stored: {}{}",
                    file,
                    digest,
                    DiskFailure.describe(e),
                    layout.notes().of(digest));
            return LocalDownload.passThrough(digest, stallTimeout.get());
        }
    }

    /** Returns true if this process may not read a file. The store does not replace such a file. */
    private boolean isUnreadable(Path file) {
        return layout.unreadable().reasonIfUnreadable(file).isPresent();
    }

    @Override
    public boolean canStore(OptionalLong size) {
        return quota.canStore(size.orElse(0));
    }

    private void finish(Path partial, DiskQuota.Reservation reservation) {
        reservation.release(reservation.isPublished() ? 0 : Directories.size(partial));
        partialsInUse.remove(partial);
    }

    @Override
    public LocalDownload startRange(Digest digest, long size, long from) {
        return LocalDownload.range(digest, size, from, stallTimeout.get());
    }

    @Override
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

    @Override
    public void publish(BlobDownload published) throws IOException {
        LocalDownload download = own(published);
        PartialFile file = download.file();
        file.force();
        Path target = layout.blob(download.digest());
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
        file.deleteCheckpoints();
    }

    private void publish(LocalDownload download, Path whole, Path target) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(whole, BasicFileAttributes.class);
        // Added before the rename: after a crash, a blob without its line in the verified index is hashed again.
        verified.add(target, VerifiedIndex.fileStamp(attributes));
        synchronized (lock(download.digest())) {
            long replaced = 0;
            if (quarantine.clearPath(target)) {
                DurableFiles.checkReplaceable(layout, target);
                replaced = Directories.size(target);
            }
            DurableFiles.rename(layout, whole, target);
            quota.freed(replaced);
            download.reservation().published(attributes.size());
        }
        layout.forceDirectory(layout.blobs());
    }

    @Override
    public void discard(BlobDownload download) {
        LocalDownload discarded = own(download);
        if (discarded.path().isPresent()) {
            try {
                discarded.file().delete();
            } catch (IOException e) {
                LOG.error("deleting {} failed: {}", discarded.file().path(), e.toString());
            }
        }
    }

    /** Returns a download of this store; a store on disk starts no other ones. */
    private static LocalDownload own(BlobDownload download) {
        if (download instanceof LocalDownload own) {
            return own;
        }
        throw new IllegalArgumentException("blob " + download.digest() + ": its download is not from this store");
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

    @Override
    public List<BlobFile> files() {
        List<BlobFile> found = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.blobs(), ExternalFiles::isCacheFile)) {
            Layout.digestOf(file).flatMap(this::file).ifPresent(found::add);
        }
        return found;
    }

    @Override
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

    @Override
    public long interruptedBytes() {
        return Directories.list(
                        layout,
                        layout.partials(),
                        file -> !partialsInUse.contains(file) && !DurableFiles.isTemporary(file))
                .stream()
                .mapToLong(Directories::size)
                .sum();
    }

    @Override
    public Set<Digest> inFlight() {
        return partialsInUse.stream()
                .flatMap(file -> Layout.digestOf(file).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
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

    @Override
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

    @Override
    public Optional<BlobDownload> openUnverified(Digest digest) throws IOException {
        Path file = layout.blob(digest);
        try {
            if (!opened.canOpen(digest)) {
                return Optional.empty();
            }
            return Optional.of(LocalDownload.recheck(digest, PartialFile.recheck(layout, file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public void verifyUnverified(BlobDownload checked) throws IOException {
        LocalDownload unverified = own(checked);
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

    @Override
    public void quarantine(CorruptFile bad) {
        quarantine(bad.digest(), layout.blob(bad.digest()), bad.version(), bad.problem());
    }

    private void quarantine(LocalDownload unverified, String reason) {
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

    @Override
    public Set<Digest> wereVerified(Set<Digest> digests) {
        return verified.verifiedBefore(digests);
    }

    @Override
    public boolean mayContain(Digest digest, OptionalLong expected) {
        OptionalLong size = size(digest);
        if (size.isEmpty() || (expected.isPresent() && size.getAsLong() != expected.getAsLong())) {
            return false;
        }
        boolean isTruncated = size.getAsLong() == 0 && !digest.equals(Digest.of(digest.algorithm(), new byte[0]));
        return !isTruncated && !isUnreadable(layout.blob(digest));
    }

    @Override
    public InputStream openStream(Digest digest) throws IOException {
        return Files.newInputStream(layout.blob(digest));
    }

    @Override
    public void save() {
        verified.flush();
    }
}
