package io.ociregistry.registry.archives;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.load.LoadProgress;
import io.ociregistry.store.BlobDownload;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The import of one blob from an archive into the store. Used by one thread. */
final class BlobImport {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long REPORT_INTERVAL_NANOS = Duration.ofMillis(500).toNanos();

    private final CacheImporter importer;
    private final Descriptor blob;
    private final Set<Repository> repositories = new LinkedHashSet<>();
    private final List<LoadProgress> progress = new ArrayList<>();
    private boolean retryable;
    private long received;

    BlobImport(CacheImporter importer, Descriptor blob) {
        this.importer = importer;
        this.blob = blob;
    }

    /** Adds an image with this blob, and its repositories. */
    void addImage(Collection<Repository> owners, LoadProgress image) {
        repositories.addAll(owners);
        progress.add(image);
    }

    /** True if a failure may be caused by leftovers of an earlier attempt, so that a retry may succeed. */
    boolean isRetryable() {
        return retryable;
    }

    /** The bytes that were read from the archive, without those that an interrupted import left. */
    long received() {
        return received;
    }

    /**
     * Imports the content; returns the reason if the content is wrong or can't be stored.
     *
     * @throws IOException if the archive or the disk fails; the bytes so far are kept for the next attempt
     */
    Optional<String> receive(InputStream content) throws IOException {
        Repository source = repositories.iterator().next();
        BlobDownload download = importer.startDownload(blob.digest(), source);
        retryable = download.position() > 0;
        try {
            if (!download.isWrittenToDisk()) {
                retryable = true;
                return Optional.of("blob " + blob.digest() + " can't be stored: "
                        + importer.unreadable(blob.digest())
                                .map(why -> "its file exists but is unreadable: " + why)
                                .orElse("the disk is full or can't be written,"
                                        + " or a download of it is in flight; see the log"));
            }
            download.expectSize(blob.size());
            copy(content, download);
            download.verify();
            received = download.position() - download.resumed();
            importer.publish(download, repositories);
            return Optional.empty();
        } catch (RegistryException e) {
            return Optional.of(reason(download, e));
        } catch (IOException e) {
            download.checkpoint();
            throw e;
        } finally {
            download.release();
        }
    }

    private String reason(BlobDownload download, RegistryException e) throws IOException {
        if (!download.isWrittenToDisk()) {
            throw notStored(e);
        }
        if (e.code() != ErrorCode.UPSTREAM_WRONG_CONTENT) {
            throw new IOException(e.getMessage(), e);
        }
        importer.discard(download);
        return e.getMessage();
    }

    private void copy(InputStream content, BlobDownload download) throws IOException {
        download.recheck();
        content.skipNBytes(download.position());
        long lastReport = System.nanoTime();
        long unreported = 0;
        progress.forEach(image -> image.addStored(download.position()));
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
            if (Thread.currentThread().isInterrupted()) {
                interrupt(download);
            }
            download.append(ByteBuffer.wrap(buffer, 0, count));
            if (!download.isWrittenToDisk()) {
                throw notStored(null);
            }
            unreported += count;
            if (System.nanoTime() - lastReport > REPORT_INTERVAL_NANOS) {
                report(unreported);
                unreported = 0;
                lastReport = System.nanoTime();
            }
        }
        report(unreported);
    }

    private IOException notStored(@Nullable Throwable cause) {
        return new IOException(
                "the disk of the cache can't store blob " + blob.digest()
                        + ": it is full or can't be written; see the log",
                cause);
    }

    /**
     * Writes a checkpoint without the interrupt flag, because an interrupt would close the file before it is forced.
     */
    private static void interrupt(BlobDownload download) throws InterruptedIOException {
        boolean interrupted = Thread.interrupted();
        download.checkpoint();
        if (interrupted) {
            throw new InterruptedIOException();
        }
    }

    private void report(long bytes) {
        for (LoadProgress image : progress) {
            image.addReceived(bytes);
            image.report();
        }
    }
}
