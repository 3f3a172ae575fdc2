package io.ociregistry.registry.blob;

import io.ociregistry.common.Daemons;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Via;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches ranges that start more than 16 MiB behind the bytes received of a blob, each by a request of its own for
 * one client.
 *
 * <p>A range is not stored. It can't be verified here, because only the whole blob has a digest; the client
 * verifies it. At most 8 ranges are fetched at a time, and only while their clients read. After a failure before
 * the first byte, the client waits for the shared download instead. Thread-safe; closing interrupts all fetches.
 */
final class RangeFetcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RangeFetcher.class);
    private static final long MIN_DISTANCE = 16 << 20;
    private static final int MAX_CONCURRENT = 8;
    private static final int BUFFER = 1 << 16;

    private final BlobStore store;
    private final Supplier<Duration> patience;
    private final ThreadPoolExecutor executor = new ThreadPoolExecutor(
            0, MAX_CONCURRENT, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), Daemons.withName("part"));

    /**
     * Creates a fetcher.
     *
     * @param patience how long a client waits for the first byte of a range before it waits for the download instead
     */
    RangeFetcher(BlobStore store, Supplier<Duration> patience) {
        this.store = store;
        this.patience = patience;
    }

    /**
     * Returns a reader for a range of a blob in flight: the given source, or a source that receives only this range, in
     * which case the given source is closed.
     */
    CompletionStage<BlobResult> fetch(
            Upstream upstream, Repository repository, BlobResult whole, RequestedRange.Range part) {
        BlobSource source = whole.source();
        if (part.from() - source.available() <= MIN_DISTANCE) {
            return CompletableFuture.completedStage(whole);
        }
        CompletableFuture<BlobResult> started = new CompletableFuture<>();
        long size = source.size().orElseThrow();
        try {
            upstream.check(RequestKind.BLOB);
            executor.execute(Via.wrap(() -> receive(upstream, repository, source.digest(), size, part, started)));
        } catch (RejectedExecutionException | RegistryException refused) {
            return CompletableFuture.completedStage(whole);
        }
        return started.orTimeout(patience.get().toMillis(), TimeUnit.MILLISECONDS)
                .handle((range, failure) -> {
                    if (failure != null) {
                        return whole;
                    }
                    source.close();
                    return range;
                });
    }

    private void receive(
            Upstream upstream,
            Repository repository,
            Digest digest,
            long size,
            RequestedRange.Range part,
            CompletableFuture<BlobResult> started) {
        BlobDownload download = store.startRange(digest, size, part.from());
        BlobSource reader = download.reader().orElseThrow();
        try {
            while (download.position() < part.to()) {
                long held = download.position();
                try (BlobAnswer answer = upstream.blobPart(repository.name(), digest, held, part.to())) {
                    if (answer.size().orElse(size) != size) {
                        throw new RegistryException(
                                ErrorCode.UPSTREAM_WRONG_CONTENT,
                                "GET range of blob " + digest + ": upstream says that the blob has "
                                        + answer.size().getAsLong() + " bytes instead of " + size);
                    }
                    BlobResult result = new BlobResult(reader, Provenance.miss(answer.sender()));
                    if (!started.complete(result) && started.isCompletedExceptionally()) {
                        // The answer came too late: the client waits for the download already.
                        reader.close();
                        return;
                    }
                    copy(answer, download);
                } catch (IOException e) {
                    LOG.debug("GET range of blob {} ended at byte {}: {}", digest, download.position(), e.toString());
                }
                if (download.position() == held) {
                    throw new RegistryException(
                            ErrorCode.UPSTREAM_BAD_ANSWER,
                            "GET range of blob " + digest + ": upstream sent no bytes after byte " + held);
                }
            }
        } catch (RegistryException e) {
            fail(download, reader, started, e);
        } catch (RuntimeException | Error e) {
            RegistryException fault =
                    new RegistryException(ErrorCode.INTERNAL, "GET range of blob " + digest + " failed: " + e, e);
            fail(download, reader, started, fault);
        } finally {
            download.release();
        }
    }

    private static void copy(BlobAnswer answer, BlobDownload download) throws IOException {
        byte[] buffer = new byte[BUFFER];
        int count;
        while ((count = answer.body().read(buffer)) >= 0) {
            download.append(ByteBuffer.wrap(buffer, 0, count));
        }
    }

    private static void fail(
            BlobDownload download, BlobSource reader, CompletableFuture<BlobResult> started, RegistryException cause) {
        LOG.debug("fetching a range for one client failed: {}", cause.getMessage());
        download.fail(cause);
        if (started.completeExceptionally(cause)) {
            reader.close();
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
