package io.ociregistry.registry.blob;

import io.ociregistry.config.model.Timeouts;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.download.BlobDownload;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.Upstream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The transfer of one blob from one upstream, wherever that has it, into the store.
 *
 * <p>A connection that breaks is resumed from the byte after the last one held, and so is what an earlier attempt left on disk, by a request
 * that follows redirects and asks for a token anew. Nothing of what is held is trusted: the digest of the whole decides, and where a resumed
 * blob turns out to be wrong it is fetched once more from the start, and as often as it can be had from elsewhere.
 */
final class BlobFetch implements Downloads.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(BlobFetch.class);
    private static final int BUFFER = 1 << 16;

    private final BlobStore blobs;
    private final Upstream upstream;
    private final BlobKey blob;
    private final OptionalLong expectedSize;
    private final BlobRights proofs;
    private final RetryBudget backoff;
    private final Duration glance;

    /** Guards against starting over for ever. Only the receiver's thread touches it. */
    private boolean startedOver;

    /** A fetch; {@code proofs} is told what comes of it. */
    BlobFetch(
            BlobStore blobs,
            Upstream upstream,
            BlobKey blob,
            OptionalLong expectedSize,
            BlobRights proofs,
            Timeouts timeouts) {
        this.blobs = blobs;
        this.upstream = upstream;
        this.blob = blob;
        this.expectedSize = expectedSize;
        this.proofs = proofs;
        this.backoff = RetryBudget.of(timeouts);
        this.glance = timeouts.stall().dividedBy(3);
    }

    @Override
    public void run(CompletableFuture<Optional<BlobDownload>> started) {
        BlobDownload download = blobs.begin(blob.digest(), blob.repository(), expectedSize);
        try {
            receive(download, started);
            proofs.arrived(blob, download.isKept());
            publish(download);
        } catch (RuntimeException | Error e) {
            boolean no = e instanceof RegistryException known && known.code() == ErrorCode.BLOB_UNKNOWN;
            // What is not there is no trouble, and anybody can ask for it.
            LOG.atLevel(no ? Level.DEBUG : Level.WARN).log("fetching {} failed: {}", this, e.getMessage());
            giveUp(download, e);
            if (!started.isDone()) {
                download.release();
            }
            throw e;
        } finally {
            proofs.ended(blob);
        }
    }

    private void receive(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        RetryBudget.Attempts attempts = backoff.attempts();
        while (true) {
            long held = download.held();
            try {
                bringToEnd(download, started);
                return;
            } catch (TransferInterrupted e) {
                attempts.progressed(download.held() - held);
                retryOrThrow(attempts, e.asFailure(this + " broke off after " + download.held() + " bytes"));
            } catch (RegistryException e) {
                if (isWrong(e) && canStartOver(download, held)) {
                    startOver(download, e, started.isDone());
                } else if (started.isDone() && passes(e.code())) {
                    attempts.progressed(download.held() - held);
                    retryOrThrow(attempts, e);
                } else {
                    throw e;
                }
            }
        }
    }

    private void bringToEnd(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        if (mayBeComplete(download)) {
            download.expect(expectedSize);
            started.complete(Optional.of(download));
            recheck(download);
        } else if (!takeOver(download, started)) {
            transfer(download, started);
        }
        download.verify();
        if (!started.isDone()) {
            start(download, started);
        }
    }

    /** The upstream has the blob, and its readers may begin. */
    private void start(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        proofs.begun(blob);
        started.complete(Optional.of(download));
    }

    /**
     * Whether readers may be told that size before the digest is known: what they are told first they can't be told to be an error. A login
     * page has another size than the manifest says. But a manifest may lie too.
     */
    private boolean isPlausible(OptionalLong told) {
        return told.isEmpty() || expectedSize.isEmpty() || told.equals(expectedSize);
    }

    /** Some upstreams send configs compressed that nobody wanted compressed: then their size is another one than the manifest says. */
    private BlobAnswer asWanted(BlobAnswer answer) {
        if (isPlausible(answer.size())) {
            return answer;
        }
        try {
            return answer.decoded().orElse(answer);
        } catch (IOException e) {
            throw new TransferInterrupted(e);
        }
    }

    /** Takes the rest from the store, if another registry has brought the same blob there meanwhile. */
    private boolean takeOver(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        // Before its own upstream has said that it has it, the blob is none of this repository's business.
        boolean shares = started.isDone() && proofs.isWordEnough(blob.repository(), blob.digest());
        Optional<BlobSource> stored = shares ? blobs.open(blob.digest()) : Optional.empty();
        if (stored.isEmpty()) {
            return false;
        }
        try (BlobSource source = stored.get()) {
            recheck(download);
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
            while (source.read(download.held(), buffer.clear()) >= 0) {
                download.append(buffer.flip());
            }
            return true;
        } catch (IOException e) {
            LOG.warn("{} can't be taken from the store: {}", this, e.toString());
            return false;
        }
    }

    /** One request, from the byte we need next to the end. */
    private void transfer(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        long held = download.held();
        try (BlobAnswer sent = upstream.blob(blob.repository().name(), blob.digest(), held)) {
            BlobAnswer answer = asWanted(sent);
            // What the upstream says of this answer goes before what some manifest says of the blob.
            download.expect(answer.size().isPresent() ? answer.size() : expectedSize);
            if (isPlausible(answer.size())) {
                start(download, started);
            }
            recheck(download);
            StallDetectingCopy copy = new StallDetectingCopy(answer.body(), glance, this::alternative);
            // The upstream may have ignored the range, and send again what we have.
            copy.skip(held - answer.from());
            copy.to(download::append);
        } catch (RegistryException e) {
            if (!isWrong(e) || !isWholeAlready(download)) {
                throw e;
            }
        }
        if (download.size().isPresent() && !isComplete(download)) {
            throw new TransferInterrupted("the connection ended early");
        }
    }

    /** Looks through what an earlier attempt left. It takes no longer than reading it from the disk, and the upstream waits meanwhile. */
    private void recheck(BlobDownload download) {
        try {
            if (!download.recheck()) {
                throw new TransferInterrupted("what was held from there on is damaged");
            }
        } catch (IOException e) {
            // A file that can't even be cut is of no use to the next try either.
            blobs.discard(download);
            throw disk(e);
        }
    }

    /** Where nobody told the size, an upstream that has no more bytes refuses the range. */
    private boolean isWholeAlready(BlobDownload download) {
        if (download.size().isPresent() || download.held() == 0) {
            return false;
        }
        recheck(download);
        return download.isWhole();
    }

    /** Why a slow connection is not worth waiting for; empty if it is. */
    private Optional<String> alternative() {
        if (blobs.isVerified(blob.digest()) && proofs.isWordEnough(blob.repository(), blob.digest())) {
            return Optional.of("another registry has brought the blob in");
        }
        return upstream.hasOther(blob.repository().name(), blob.digest())
                ? Optional.of("may be had from elsewhere")
                : Optional.empty();
    }

    /** What was held before may have been wrong, or what comes from there: then it can be had from elsewhere, or not at all. */
    private boolean canStartOver(BlobDownload download, long held) {
        boolean elsewhere = upstream.passOver(blob.repository().name(), blob.digest());
        return (elsewhere || (held > 0 && !startedOver)) && download.isKept();
    }

    private void startOver(BlobDownload download, RegistryException why, boolean sizeIsTold) {
        startedOver = true;
        LOG.warn("fetching {}: what was held is wrong, starting over: {}", this, why.getMessage());
        try {
            download.restart();
            if (!sizeIsTold) {
                download.forgetSize();
            }
        } catch (IOException e) {
            throw disk(e);
        }
    }

    /** Whether trying again later can help. */
    private static boolean passes(ErrorCode code) {
        return code.isUpstreamFailure() || code == ErrorCode.TOO_MANY_REQUESTS;
    }

    private void retryOrThrow(RetryBudget.Attempts attempts, RegistryException failure) {
        if (!attempts.pause(failure.retryAfter())) {
            throw failure;
        }
        LOG.warn("fetching {}: {}; trying again", this, failure.getMessage());
    }

    private void publish(BlobDownload download) {
        if (!download.isKept()) {
            blobs.discard(download);
            return;
        }
        try {
            blobs.publish(download);
        } catch (IOException e) {
            // Its readers have all of it by now; the next client finds it held, and publishes it.
            LOG.error("{} arrived and is right, but can't be kept: {}", this, e.toString());
            download.checkpoint();
        }
    }

    /** What arrived is kept for the next try, unless there is no use for it. */
    private void giveUp(BlobDownload download, Throwable cause) {
        boolean useless =
                cause instanceof RegistryException known && (isWrong(known) || known.code() == ErrorCode.BLOB_UNKNOWN);
        if (useless || download.held() == 0 || !download.isKept()) {
            blobs.discard(download);
            return;
        }
        // An interrupt, which asks this thread to end, would close the file.
        boolean interrupted = Thread.interrupted();
        download.checkpoint();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isWrong(RegistryException e) {
        return e.code() == ErrorCode.UPSTREAM_WRONG_CONTENT;
    }

    private static boolean isComplete(BlobDownload download) {
        OptionalLong size = download.size();
        return size.isPresent() && download.held() == size.getAsLong();
    }

    private boolean mayBeComplete(BlobDownload download) {
        return isComplete(download)
                || (download.held() > 0
                        && download.size().isEmpty()
                        && expectedSize.equals(OptionalLong.of(download.held())));
    }

    private RegistryException disk(IOException e) {
        return new RegistryException(
                ErrorCode.STORE_FAILED, "keeping " + this + ": the cache's disk failed: " + e.getMessage(), e);
    }

    @Override
    public String toString() {
        return blob.toString();
    }
}
