package io.ociregistry.registry;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobStore;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.Upstream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The transfer of one blob from one upstream into the store.
 *
 * <p>A connection that breaks is resumed from the byte after the last one held, and so is what an earlier attempt left on disk. Nothing of
 * that is trusted: the digest of the whole decides, and where a resumed blob turns out to be wrong it is fetched once more from the start.
 */
final class BlobFetch implements Downloads.Transfer {
    private static final Logger LOG = LoggerFactory.getLogger(BlobFetch.class);
    private static final int BUFFER = 1 << 16;

    private final BlobStore blobs;
    private final Upstream upstream;
    private final Repository repository;
    private final Digest digest;
    private final OptionalLong expectedSize;
    private final Runnable confirmed;
    private final Backoff backoff;

    /** Guards against starting over for ever. Only the receiver's thread touches it. */
    private boolean startedOver;

    /** A fetch; {@code confirmed} is run once the upstream has answered that the repository has the blob. */
    BlobFetch(
            BlobStore blobs,
            Upstream upstream,
            Repository repository,
            Digest digest,
            OptionalLong expectedSize,
            Runnable confirmed,
            Backoff backoff) {
        this.blobs = blobs;
        this.upstream = upstream;
        this.repository = repository;
        this.digest = digest;
        this.expectedSize = expectedSize;
        this.confirmed = confirmed;
        this.backoff = backoff;
    }

    @Override
    public void run(CompletableFuture<Optional<BlobDownload>> started) {
        BlobDownload download = begin();
        try {
            receive(download, started);
            publish(download);
        } catch (RuntimeException | Error e) {
            LOG.warn("fetching {} failed: {}", this, e.getMessage());
            giveUp(download, e);
            if (!started.isDone()) {
                download.release();
            }
            throw e;
        }
    }

    private BlobDownload begin() {
        try {
            return blobs.begin(digest, repository.registry());
        } catch (IOException e) {
            throw disk(e);
        }
    }

    private void receive(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        Backoff.Attempts attempts = backoff.attempts();
        while (true) {
            long held = download.received();
            try {
                if (!isComplete(download) && !(held > 0 && download.isWhole())) {
                    transfer(download, started);
                }
                download.verify();
                started.complete(Optional.of(download));
                return;
            } catch (BrokenTransfer e) {
                attempts.progressed(download.received() > held);
                retryOrThrow(attempts, e.asFailure(this + " broke off after " + download.received() + " bytes"));
            } catch (RegistryException e) {
                if (e.code() == ErrorCode.UPSTREAM_WRONG_CONTENT && held > 0 && !startedOver) {
                    startOver(download, e);
                } else if (started.isDone() && e.code().isUpstreamFailure()) {
                    attempts.progressed(download.received() > held);
                    retryOrThrow(attempts, e);
                } else {
                    throw e;
                }
            }
        }
    }

    /** One request, from the byte we need next to the end. */
    private void transfer(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        long held = download.received();
        try (BlobAnswer answer = upstream.blob(repository.name(), digest, held)) {
            // What the upstream says of this answer goes before what some manifest says of the blob.
            download.expect(answer.size().isPresent() ? answer.size() : expectedSize);
            confirmed.run();
            started.complete(Optional.of(download));
            skip(answer.body(), held - answer.from());
            copy(answer.body(), download);
        }
        if (download.size().isPresent() && !isComplete(download)) {
            throw new BrokenTransfer(new IOException("the connection ended early"));
        }
    }

    /** The upstream ignored the range and sends again what we have. */
    private static void skip(InputStream body, long count) {
        try {
            body.skipNBytes(count);
        } catch (IOException e) {
            throw new BrokenTransfer(e);
        }
    }

    private void copy(InputStream body, BlobDownload download) {
        byte[] buffer = new byte[BUFFER];
        int count;
        while ((count = read(body, buffer)) >= 0) {
            try {
                download.append(ByteBuffer.wrap(buffer, 0, count));
            } catch (IOException e) {
                throw disk(e);
            }
        }
    }

    private static int read(InputStream body, byte[] buffer) {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw new BrokenTransfer(e);
        }
    }

    private void startOver(BlobDownload download, RegistryException why) {
        startedOver = true;
        LOG.warn("fetching {}: what was held is wrong, starting over: {}", this, why.getMessage());
        try {
            download.restart();
        } catch (IOException e) {
            throw disk(e);
        }
    }

    private void retryOrThrow(Backoff.Attempts attempts, RegistryException failure) {
        if (!attempts.pause()) {
            throw failure;
        }
        LOG.warn("fetching {}: {}; trying again", this, failure.getMessage());
    }

    private void publish(BlobDownload download) {
        try {
            blobs.publish(download);
        } catch (IOException e) {
            // Its readers have all of it by now; the next client fetches it again.
            LOG.error("{} arrived and is right, but can't be kept: {}", this, e.toString());
        }
    }

    /** What arrived is kept for the next try, unless it is nothing, or known to be wrong. */
    private void giveUp(BlobDownload download, Throwable cause) {
        boolean wrong = cause instanceof RegistryException known && known.code() == ErrorCode.UPSTREAM_WRONG_CONTENT;
        if (wrong || download.received() == 0) {
            blobs.discard(download);
        }
    }

    private static boolean isComplete(BlobDownload download) {
        OptionalLong size = download.size();
        return size.isPresent() && download.received() == size.getAsLong();
    }

    private RegistryException disk(IOException e) {
        return new RegistryException(
                ErrorCode.STORE_FAILED, "keeping " + this + ": the cache's disk failed: " + e.getMessage(), e);
    }

    @Override
    public String toString() {
        return "blob " + repository + "@" + digest;
    }

    /** The connection to the upstream broke, as opposed to our disk. */
    private static final class BrokenTransfer extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BrokenTransfer(IOException cause) {
            super(cause.getMessage(), cause, false, false);
        }

        RegistryException asFailure(String what) {
            return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + ": " + getMessage(), getCause());
        }
    }
}
