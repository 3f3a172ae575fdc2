package io.ociregistry.registry.archives;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.load.LoadProgress;
import io.ociregistry.store.download.BlobDownload;
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
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One blob on its way from an archive into the store. */
final class BlobImport {
    private static final int BUFFER = 1 << 16;
    private static final long TOLD_NANOS = Duration.ofMillis(500).toNanos();

    private final CacheImporter receipt;
    private final Descriptor blob;
    private final Set<Repository> repositories = new LinkedHashSet<>();
    private final List<LoadProgress> progress = new ArrayList<>();
    private boolean begunWithLeftovers;

    BlobImport(CacheImporter receipt, Descriptor blob) {
        this.receipt = receipt;
        this.blob = blob;
    }

    /** An image of these repositories consists of it. */
    void wantedBy(Collection<Repository> more, LoadProgress image) {
        repositories.addAll(more);
        progress.add(image);
    }

    /** True if it failed though it may well be right: something of an earlier attempt was in the way. */
    boolean canBeTriedAgain() {
        return begunWithLeftovers;
    }

    /**
     * Takes its content; tells what is wrong with it.
     *
     * @throws IOException if the archive or the disk fails; what came so far is kept for the next time
     */
    Optional<String> receive(InputStream content) throws IOException {
        Repository source = repositories.iterator().next();
        BlobDownload download = receipt.begin(blob.digest(), source);
        begunWithLeftovers = download.held() > 0;
        try {
            if (!download.isKept()) {
                begunWithLeftovers = true;
                return Optional.of("blob " + blob.digest() + " can't be kept: "
                        + receipt.unreadable(blob.digest())
                                .map(why -> "it is there but unreadable: " + why)
                                .orElse("the disk does not take it, or it is being fetched at the same time"));
            }
            download.expect(blob.size() < 0 ? OptionalLong.empty() : OptionalLong.of(blob.size()));
            copy(content, download);
            download.verify();
            receipt.publish(download, repositories);
            return Optional.empty();
        } catch (RegistryException e) {
            return Optional.of(whatIsWrong(download, e));
        } catch (IOException e) {
            download.checkpoint();
            throw e;
        } finally {
            download.release();
        }
    }

    private String whatIsWrong(BlobDownload download, RegistryException e) throws IOException {
        if (!download.isKept()) {
            throw notTaken(e);
        }
        if (e.code() != ErrorCode.UPSTREAM_WRONG_CONTENT) {
            throw new IOException(e.getMessage(), e);
        }
        receipt.discard(download);
        return e.getMessage();
    }

    private void copy(InputStream content, BlobDownload download) throws IOException {
        download.recheck();
        content.skipNBytes(download.held());
        long told = System.nanoTime();
        long untold = download.held();
        byte[] buffer = new byte[BUFFER];
        for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
            if (Thread.currentThread().isInterrupted()) {
                leave(download);
            }
            download.append(ByteBuffer.wrap(buffer, 0, count));
            if (!download.isKept()) {
                throw notTaken(null);
            }
            untold += count;
            if (System.nanoTime() - told > TOLD_NANOS) {
                tell(untold);
                untold = 0;
                told = System.nanoTime();
            }
        }
        tell(untold);
    }

    private IOException notTaken(@Nullable Throwable cause) {
        return new IOException(
                "the disk of the cache does not take blob " + blob.digest()
                        + ": it is full, or fails; the log tells more",
                cause);
    }

    /** An interrupt would close the file under what has still to be forced. */
    private static void leave(BlobDownload download) throws InterruptedIOException {
        boolean interrupted = Thread.interrupted();
        download.checkpoint();
        if (interrupted) {
            throw new InterruptedIOException();
        }
    }

    private void tell(long bytes) {
        for (LoadProgress image : progress) {
            image.got(bytes);
            image.tell();
        }
    }
}
