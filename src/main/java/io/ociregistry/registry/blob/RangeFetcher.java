package io.ociregistry.registry.blob;

import io.ociregistry.common.Daemons;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.download.BlobDownload;
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
 * Parts of blobs that begin far behind what has arrived of them, each fetched for one client by a request of its own (DECISIONS 8).
 *
 * <p>Nothing of them is kept, and nothing can be verified but by the client, who knows what the part has to be. At most 8 at a time, and only
 * while the client reads. Whatever goes wrong before the first byte, the client waits for the download like everybody else.
 */
final class RangeFetcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RangeFetcher.class);
    private static final long FAR = 16 << 20;
    private static final int AT_A_TIME = 8;
    private static final int BUFFER = 1 << 16;

    private final BlobStore blobs;
    private final Supplier<Duration> patience;
    private final ThreadPoolExecutor executor =
            new ThreadPoolExecutor(0, AT_A_TIME, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), Daemons.named("part"));

    /**
     * None is fetched yet.
     *
     * @param patience how long a client waits for the first byte of a part before it waits for the download instead
     */
    RangeFetcher(BlobStore blobs, Supplier<Duration> patience) {
        this.blobs = blobs;
        this.patience = patience;
    }

    /** A source for that part: the given one, or one of its own, and then the given one is closed. */
    CompletionStage<BlobSource> fetch(
            Upstream upstream, Repository repository, BlobSource source, RequestedRange.Part part) {
        if (part.from() - source.available() <= FAR) {
            return CompletableFuture.completedStage(source);
        }
        CompletableFuture<BlobSource> started = new CompletableFuture<>();
        long size = source.size().orElseThrow();
        try {
            upstream.check(RequestKind.BLOB);
            executor.execute(Via.carriedOn(() -> receive(upstream, repository, source.digest(), size, part, started)));
        } catch (RejectedExecutionException | RegistryException notNow) {
            return CompletableFuture.completedStage(source);
        }
        return started.orTimeout(patience.get().toMillis(), TimeUnit.MILLISECONDS)
                .handle((own, failure) -> {
                    if (failure != null) {
                        return source;
                    }
                    source.close();
                    return own;
                });
    }

    private void receive(
            Upstream upstream,
            Repository repository,
            Digest digest,
            long size,
            RequestedRange.Part part,
            CompletableFuture<BlobSource> started) {
        BlobDownload download = blobs.beginPart(digest, size, part.from());
        BlobSource reader = download.reader().orElseThrow();
        try {
            while (download.held() < part.to()) {
                long held = download.held();
                try (BlobAnswer answer = upstream.blobPart(repository.name(), digest, held, part.to())) {
                    if (answer.size().orElse(size) != size) {
                        throw new RegistryException(
                                ErrorCode.UPSTREAM_WRONG_CONTENT,
                                "blob " + digest + ": the part that came is of "
                                        + answer.size().getAsLong() + " bytes, and the blob of " + size);
                    }
                    if (!started.complete(reader) && started.isCompletedExceptionally()) {
                        // It came too late, and the client waits for the download.
                        reader.close();
                        return;
                    }
                    copy(answer, download);
                } catch (IOException e) {
                    LOG.debug("a part of {} broke off at {}: {}", digest, download.held(), e.toString());
                }
                if (download.held() == held) {
                    throw new RegistryException(
                            ErrorCode.UPSTREAM_BAD_ANSWER, "blob " + digest + ": the upstream sends no more of it");
                }
            }
        } catch (RegistryException e) {
            end(download, reader, started, e);
        } catch (RuntimeException | Error e) {
            end(download, reader, started, new RegistryException(ErrorCode.INTERNAL, "a part of " + digest, e));
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

    private static void end(
            BlobDownload download, BlobSource reader, CompletableFuture<BlobSource> started, RegistryException why) {
        LOG.debug("a part was not sent to its end: {}", why.getMessage());
        download.fail(why);
        if (started.completeExceptionally(why)) {
            reader.close();
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
