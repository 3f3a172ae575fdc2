package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
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

    /** The blobs of a layout whose directories exist. */
    public BlobStore(Layout layout) {
        this.layout = layout;
        this.verified = new VerifiedIndex(layout.verifiedIndex());
        this.quarantine = new Quarantine(layout.corrupt());
    }

    /** True if there is a file of that name, verified or not. */
    public boolean contains(Digest digest) {
        return Files.isRegularFile(layout.blob(digest));
    }

    /** The size of the file of that name, verified or not. */
    public OptionalLong size(Digest digest) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(layout.blob(digest), BasicFileAttributes.class);
            return attributes.isRegularFile() ? OptionalLong.of(attributes.size()) : OptionalLong.empty();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** Opens a verified blob; empty if there is none. The caller closes it. */
    public Optional<BlobSource> open(Digest digest) {
        Path file = layout.blob(digest);
        try {
            return verified.contains(file) ? Optional.of(StoredBlob.open(digest, file)) : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.error("opening {}: {}", file, e.toString());
            return Optional.empty();
        }
    }

    /**
     * Begins, or goes on with, receiving a blob. What an earlier attempt left is hashed and kept; whether it is right shows in the end.
     *
     * @param source the registry it comes from: what one sent is never mixed with what another sends
     * @throws IOException if the disk does not allow it
     */
    public BlobDownload begin(Digest digest, RegistryName source) throws IOException {
        BlobDownload download = BlobDownload.receive(digest, layout.partial(digest, source));
        try {
            download.rehash(Files.size(download.file()));
            return download;
        } catch (IOException e) {
            download.release();
            throw e;
        }
    }

    /** The blobs of which an interrupted attempt left a part. */
    public List<Interrupted> interrupted() {
        List<Interrupted> found = new ArrayList<>();
        try (var files = Files.newDirectoryStream(layout.partials(), ForeignFiles::isOurs)) {
            files.forEach(file -> Layout.interrupted(file).ifPresent(found::add));
        } catch (IOException e) {
            LOG.error("reading {}: {}", layout.partials(), e.toString());
        }
        return found;
    }

    /**
     * Makes a verified download part of the store: forces it, renames it, forces the rename.
     *
     * @throws IOException if the disk does not allow it; the partial file stays
     */
    public void publish(BlobDownload download) throws IOException {
        download.force();
        Path target = layout.blob(download.digest());
        // Noted first: a blob that a crash leaves without its note would have to be hashed again.
        verified.add(target, VerifiedIndex.look(download.file()));
        DurableFiles.publish(download.file(), target);
    }

    /** Drops what was received. */
    public void discard(BlobDownload download) {
        try {
            Files.deleteIfExists(download.file());
        } catch (IOException e) {
            LOG.error("deleting {}: {}", download.file(), e.toString());
        }
    }

    /** Opens a file of the store that nobody verified yet, to be read like something that arrives; {@link #check} does the arriving. */
    public Optional<BlobDownload> openUnverified(Digest digest) throws IOException {
        Path file = layout.blob(digest);
        try {
            return Optional.of(BlobDownload.recheck(digest, file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Hashes a file of the store while it is being read. If it is wrong its readers do not get its last byte, and it is quarantined, unless
     * it is so young that another program may still be writing it.
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
            quarantineIfSettled(unverified.file(), e.getMessage());
            throw e;
        }
        verified.add(unverified.file(), unverified.look());
    }

    /** True if a file of that name can be the blob: there is one, and it is not of another size than a manifest says. */
    public boolean mayHave(Digest digest, OptionalLong told) {
        OptionalLong size = size(digest);
        return size.isPresent() && (told.isEmpty() || size.getAsLong() == told.getAsLong());
    }

    private void quarantineIfSettled(Path file, String reason) {
        if (ForeignFiles.isSettled(file)) {
            quarantine.take(file, reason);
        }
    }
}
