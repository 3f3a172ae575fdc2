package io.ociregistry.store.blob;

import io.ociregistry.common.DurableRename;
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
 * Blobs on disk. The disk is the truth: a file that is there is known, whoever put it there, and one that is gone is not.
 *
 * <p>Only verified blobs are opened as such. One that we did not publish, or that changed since, is checked first: see {@link #check}.
 */
public final class BlobStore {
    private static final Logger LOG = LoggerFactory.getLogger(BlobStore.class);

    private final Layout layout;
    private final VerifiedIndex verified;
    private final Quarantine quarantine;
    private final Supplier<Duration> patience;
    private final RecentlyOpened opened;
    private final DiskQuota space;
    /** Partial files that are open. */
    private final Set<Path> receiving = ConcurrentHashMap.newKeySet();
    /** Of what becomes part of the store, or is deleted. */
    private final Object[] locks = Stream.generate(Object::new).limit(64).toArray();

    /**
     * The blobs of a layout whose directories exist.
     *
     * @param patience how long a reader may stand still where others wait for it
     */
    public BlobStore(Layout layout, Duration patience) {
        this(layout, () -> patience, DiskQuota.unlimited(), System::nanoTime);
    }

    /** The same in a space that has an end, and by another clock. */
    public BlobStore(Layout layout, Supplier<Duration> patience, DiskQuota space, LongSupplier nanoTime) {
        this.space = space;
        this.opened = new RecentlyOpened(nanoTime);
        this.layout = layout;
        this.patience = patience;
        this.verified = new VerifiedIndex(layout);
        this.quarantine = new Quarantine(layout);
    }

    /** True if there is a file of that name, verified or not. */
    public boolean contains(Digest digest) {
        Path file = layout.blob(digest);
        return Files.isRegularFile(file) && !quarantine.has(file);
    }

    /** The size of the file of that name, verified or not. */
    public OptionalLong size(Digest digest) {
        Path file = layout.blob(digest);
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.isRegularFile() && !quarantine.has(file)
                    ? OptionalLong.of(attributes.size())
                    : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** Every blob that there is a file of, verified or not, in no order. */
    public List<Digest> digests() {
        List<Digest> digests = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.blobs(), ExternalFiles::isOurs)) {
            Layout.digestOf(file).filter(this::contains).ifPresent(digests::add);
        }
        return digests;
    }

    /** All of a blob, if it is there, no larger than that, and what its name says; as for a config, which is small. */
    public Optional<byte[]> read(Digest digest, int most) {
        OptionalLong size = size(digest);
        if (size.isEmpty() || size.getAsLong() > most) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readAllBytes(layout.blob(digest))).filter(digest::matches);
        } catch (IOException e) {
            LOG.warn("reading {}: {}", layout.blob(digest), e.toString());
            return Optional.empty();
        }
    }

    /** Why the file of a blob can't be read though it is there; empty if it can, or if there is none. */
    public Optional<String> unreadable(Digest digest) {
        Optional<String> why = layout.unreadable().check(layout.blob(digest));
        layout.unreadable().tell();
        return why;
    }

    /** True if {@link #open} would open it. */
    public boolean isVerified(Digest digest) {
        Path file = layout.blob(digest);
        try {
            return verified.contains(file) && Files.isReadable(file);
        } catch (IOException e) {
            return false;
        }
    }

    /** Opens a verified blob; empty if there is none. The caller closes it. */
    public Optional<BlobSource> open(Digest digest) {
        Path file = layout.blob(digest);
        try {
            return verified.contains(file) && opened.mayOpen(digest)
                    ? Optional.of(open(digest, file))
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (AccessDeniedException e) {
            layout.unreadable().found(file);
            return Optional.empty();
        } catch (IOException e) {
            LOG.error("opening {}: {}", file, e.toString());
            return Optional.empty();
        }
    }

    private BlobSource open(Digest digest, Path file) throws IOException {
        String look = VerifiedIndex.look(file);
        return StoredBlob.open(digest, file, unreadable -> putAway(digest, file, look, unreadable));
    }

    /** Begins to receive a blob of which nobody told the size. */
    public BlobDownload begin(Digest digest, Repository source) {
        return begin(digest, source, OptionalLong.empty());
    }

    /**
     * Begins, or goes on with, receiving a blob. What an earlier attempt left is kept as far as it has checkpoints.
     * Where the disk or the size of the cache does not allow it, where a file of the blob is there that can't be read,
     * or the same is being received already, the blob only passes through. Waits for room to be made.
     *
     * @param source the repository it comes from: what one registry sent is never mixed with what another sends
     * @param expected its size, if a manifest tells it
     */
    public BlobDownload begin(Digest digest, Repository source, OptionalLong expected) {
        Path file = layout.partial(digest, source.registry());
        if (!layout.isWritable() || isInTheWay(layout.blob(digest)) || isInTheWay(file) || !receiving.add(file)) {
            return BlobDownload.passing(digest, patience.get());
        }
        DiskQuota.Share share = space.begin(Directories.size(file));
        if (!share.expect(expected.orElse(0))) {
            end(file, share);
            return BlobDownload.passing(digest, patience.get());
        }
        try {
            layout.prepare(layout.partials());
            quarantine.makeWay(file);
            PartialFile opened = PartialFile.receive(layout, file, source);
            return BlobDownload.receive(digest, opened, patience.get(), share, () -> end(file, share));
        } catch (IOException e) {
            end(file, share);
            LOG.error("{} can't be kept, only passed on, since the cache's disk fails: {}", file, e.toString());
            return BlobDownload.passing(digest, patience.get());
        }
    }

    /** True for a file that is neither read nor replaced. */
    private boolean isInTheWay(Path file) {
        return layout.unreadable().check(file).isPresent();
    }

    /** False if a blob of that size can't be kept, as far as is known. */
    public boolean mayKeep(OptionalLong size) {
        return space.mayTake(size.orElse(0));
    }

    private void end(Path partial, DiskQuota.Share share) {
        share.end(Directories.size(partial));
        receiving.remove(partial);
    }

    /** Begins receiving a part of a blob of that size for one reader; nothing of it is kept or verified. */
    public BlobDownload beginPart(Digest digest, long size, long from) {
        return BlobDownload.part(digest, size, from, patience.get());
    }

    /** The blobs of which an interrupted attempt left a part, and that nobody is receiving just now. */
    public List<InterruptedDownload> interrupted() {
        List<InterruptedDownload> found = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.partials(), ExternalFiles::isOurs)) {
            Optional<InterruptedDownload> blob = receiving.contains(file) ? Optional.empty() : interrupted(file);
            if (blob.isPresent() && isVerified(blob.get().digest())) {
                // It came another way.
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
     * Makes a verified download part of the store: forces it, renames it, forces the rename; where blobs are on another
     * file system, does that with a copy. Only for one that is kept.
     *
     * @throws IOException if the disk does not allow it; the partial file stays
     */
    public void publish(BlobDownload download) throws IOException {
        PartialFile file = download.file();
        file.force();
        Path target = layout.blob(download.digest());
        layout.prepare(layout.blobs());
        quarantine.makeWay(target);
        try {
            publish(download, file.path(), target);
        } catch (AtomicMoveNotSupportedException otherDisk) {
            Path copy = DurableFiles.copyBeside(layout, file.path(), target);
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
        // Noted first: a blob that a crash leaves without its note would have to be hashed again.
        verified.add(target, VerifiedIndex.look(whole));
        synchronized (lock(download.digest())) {
            DurableFiles.checkReplaceable(layout, target);
            long replaced = Directories.size(target);
            DurableRename.publish(whole, target);
            space.freed(replaced);
            download.share().published(Directories.size(target));
        }
    }

    /** Drops what was received, if anything was kept of it. */
    public void discard(BlobDownload download) {
        download.path().ifPresent(BlobStore::discard);
    }

    /** Of one that nobody receives. */
    private void discardIdle(Path partial) {
        long size = Directories.size(partial);
        discard(partial);
        space.freed(size - Directories.size(partial));
    }

    private static void discard(Path partial) {
        try {
            Files.deleteIfExists(partial);
            Checkpoints.delete(partial);
        } catch (IOException e) {
            LOG.error("deleting {}: {}", partial, e.toString());
        }
    }

    /** The files of all blobs there are, in no order. */
    public List<BlobFile> files() {
        List<BlobFile> found = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.blobs(), ExternalFiles::isOurs)) {
            Layout.digestOf(file).flatMap(this::file).ifPresent(found::add);
        }
        return found;
    }

    /** The file of a blob; empty if there is none. */
    public Optional<BlobFile> file(Digest digest) {
        Path file = layout.blob(digest);
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return attributes.isRegularFile() && !quarantine.has(file)
                    ? Optional.of(new BlobFile(digest, attributes.size(), ExternalFiles.changed(file)))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Bytes of what was interrupted; what is being received is set aside in the space. */
    public long interruptedBytes() {
        return Directories.list(layout, layout.partials(), file -> !receiving.contains(file)).stream()
                .mapToLong(Directories::size)
                .sum();
    }

    /** The blobs that are being received into the store. */
    public Set<Digest> receiving() {
        return receiving.stream()
                .flatMap(file -> Layout.digestOf(file).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Deletes a blob. Who has opened it reads it to its end all the same. One that was opened in the last 60 seconds, is being received, or
     * changed since it was looked at, stays.
     *
     * @return whether it is gone
     */
    public boolean delete(BlobFile blob) {
        Path file = layout.blob(blob.digest());
        synchronized (lock(blob.digest())) {
            if (!layout.isWritable()
                    || receiving().contains(blob.digest())
                    || !file(blob.digest()).equals(Optional.of(blob))
                    || !opened.beginDeleting(blob.digest())) {
                return false;
            }
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                LOG.error("deleting {}: {}", file, e.toString());
                return false;
            } finally {
                opened.endDeleting(blob.digest());
            }
        }
        verified.forget(file);
        space.freed(blob.size());
        return true;
    }

    /** Deletes what an interrupted attempt left of blobs, unless it goes on. */
    public void discardInterrupted(Predicate<Digest> unwanted, Instant unlessSince) {
        for (Path file : Directories.list(layout, layout.partials(), ExternalFiles::isOurs)) {
            boolean matches = !Layout.isCheckpoints(file)
                    && Layout.digestOf(file).filter(unwanted).isPresent();
            // As if it were received: who begins meanwhile does not get it.
            if (matches && isOlder(file, unlessSince) && receiving.add(file)) {
                discardIdle(file);
                receiving.remove(file);
            }
        }
    }

    private static boolean isOlder(Path file, Instant time) {
        try {
            return ExternalFiles.changed(file).isBefore(time);
        } catch (IOException gone) {
            return false;
        }
    }

    private Object lock(Digest digest) {
        return locks[digest.hashCode() & (locks.length - 1)];
    }

    /** Opens a file of the store that nobody verified yet, to be read like something that arrives; {@link #check} does the arriving. */
    public Optional<BlobDownload> openUnverified(Digest digest) throws IOException {
        Path file = layout.blob(digest);
        try {
            if (!opened.mayOpen(digest)) {
                return Optional.empty();
            }
            return Optional.of(BlobDownload.recheck(digest, PartialFile.recheck(layout, file)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Hashes a file of the store while it is being read. If it is wrong, or can't be read, its readers do not get its last byte, and it is
     * quarantined, unless it is so young that another program may still be writing it.
     *
     * @throws RegistryException if it is wrong
     * @throws IOException if the disk failed
     */
    public void check(BlobDownload unverified) throws IOException {
        long size = unverified.size().orElseThrow();
        try {
            unverified.rehash(size);
            unverified.verify();
        } catch (RegistryException e) {
            putAway(unverified, String.valueOf(e.getMessage()));
            throw e;
        } catch (ClosedChannelException stopping) {
            throw stopping;
        } catch (IOException e) {
            putAway(unverified, "it can't be read: " + e.getMessage());
            throw e;
        }
        verified.add(unverified.file().path(), unverified.file().look());
    }

    /**
     * Quarantines a file that was found to be bad, unless another one took its place since. Who has opened it keeps it. That it was here once is
     * not forgotten: see {@link #wereHere}.
     */
    public void putAway(CorruptFile bad) {
        putAway(bad.digest(), bad.file(), bad.look(), bad.problem());
    }

    private void putAway(BlobDownload unverified, String why) {
        putAway(unverified.digest(), unverified.file().path(), unverified.file().look(), why);
    }

    private void putAway(Digest digest, Path file, String look, String why) {
        long size;
        synchronized (lock(digest)) {
            size = Directories.size(file);
            quarantine.take(file, look, why);
            size -= Directories.size(file);
        }
        space.freed(size);
    }

    /** Those of these blobs that were verified here once and that nobody deleted since by {@link #delete}. Reads much. */
    public Set<Digest> wereHere(Set<Digest> digests) {
        return verified.known(digests);
    }

    /**
     * True if a file of that name can be the blob: there is one that can be read, of the size that a manifest says, and not empty, as crashes
     * leave files, unless that is what the digest says.
     */
    public boolean mayHave(Digest digest, OptionalLong told) {
        OptionalLong size = size(digest);
        if (size.isEmpty() || (told.isPresent() && size.getAsLong() != told.getAsLong())) {
            return false;
        }
        boolean empty = size.getAsLong() == 0 && !digest.equals(Digest.of(digest.algorithm(), new byte[0]));
        return !empty && !isInTheWay(layout.blob(digest));
    }

    /** The content of the file of that name, verified or not: whoever takes it verifies it. */
    public InputStream stream(Digest digest) throws IOException {
        return Files.newInputStream(layout.blob(digest));
    }

    /** Tries again to write down which blobs were verified, where the disk did not take it. */
    public void save() {
        verified.save();
    }
}
