package io.ociregistry.registry.blob;

import io.ociregistry.config.model.Timeouts;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.metrics.RegistryMetrics;
import io.ociregistry.metrics.RegistryMetrics.Resume;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.blob.BlobAccess.BlobKey;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore;
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
 * Downloads one blob from the sources of one upstream into the store.
 *
 * <p>A transfer is resumed after the last received byte if its connection broke or an earlier attempt left a partial
 * file. The resuming request follows redirects and gets a token again. Received bytes are not trusted: the digest of
 * the whole blob decides. If a resumed blob is wrong, it is downloaded once more from byte 0, and once more from every
 * alternative source.
 */
final class BlobFetch implements Downloads.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(BlobFetch.class);
    private static final int BUFFER = 1 << 16;

    private final BlobStore store;
    private final Upstream upstream;
    private final BlobKey blob;
    private final OptionalLong expectedSize;
    private final BlobAccess access;
    private final RegistryMetrics metrics;
    private final RetryBudget retries;
    private final Duration checkInterval;

    /** Limits restarts from the same source to one. Used by the receiver's thread only. */
    private boolean restarted;

    private volatile String sender = Provenance.CACHE;

    /**
     * The blob to download.
     *
     * @param expectedSize the size, if a manifest says it
     * @param metrics count the further requests that the download needs
     */
    record Target(BlobKey blob, OptionalLong expectedSize, RegistryMetrics metrics) {}

    BlobFetch(BlobStore store, Upstream upstream, Target target, BlobAccess access, Timeouts timeouts) {
        this.store = store;
        this.upstream = upstream;
        this.blob = target.blob();
        this.expectedSize = target.expectedSize();
        this.metrics = target.metrics();
        this.access = access;
        this.retries = RetryBudget.of(timeouts);
        this.checkInterval = timeouts.stall().dividedBy(3);
    }

    @Override
    public Optional<BlobSource> stored() {
        return access.openConfirmed(blob.repository(), blob.digest());
    }

    @Override
    public String sender() {
        return sender;
    }

    @Override
    public void run(CompletableFuture<Optional<BlobDownload>> started) {
        BlobDownload download = store.startDownload(blob.digest(), blob.repository(), expectedSize);
        if (download.resumed() > 0) {
            metrics.resumed(Resume.RESTART);
        }
        try {
            receive(download, started);
            access.received(blob, download.isWrittenToDisk());
            publish(download);
        } catch (RuntimeException | Error e) {
            boolean isUnknown = e instanceof RegistryException known && known.code() == ErrorCode.BLOB_UNKNOWN;
            // A 404 is not a fault, and any client can cause one.
            log(isUnknown ? Level.DEBUG : levelOf(e, Level.WARN), "failed", e);
            abandon(download, e);
            if (!started.isDone()) {
                download.release();
            }
            throw e;
        } finally {
            access.ended(blob);
        }
    }

    private void receive(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        RetryBudget.Attempts attempts = retries.attempts();
        while (true) {
            long receivedBefore = download.position();
            try {
                complete(download, started);
                return;
            } catch (TransferInterrupted e) {
                attempts.progressed(download.position() - receivedBefore);
                String attempt = "fetching " + this + " was interrupted after " + download.position() + " bytes";
                retryOrThrow(attempts, e.toRegistryException(attempt), e.reason());
            } catch (RegistryException e) {
                if (isWrong(e) && canRestart(download, receivedBefore)) {
                    restart(download, e, started.isDone());
                } else if (started.isDone() && isTransient(e.code())) {
                    attempts.progressed(download.position() - receivedBefore);
                    retryOrThrow(attempts, e, Resume.CUT);
                } else {
                    throw e;
                }
            }
        }
    }

    private void complete(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        if (mayBeComplete(download)) {
            download.expectSize(expectedSize);
            started.complete(Optional.of(download));
            recheck(download);
        } else if (!copyFromStore(download, started)) {
            transfer(download, started);
        }
        download.verify();
        if (!started.isDone()) {
            start(download, started);
        }
    }

    /** Gives the download to its readers, once the upstream has answered that it has the blob. */
    private void start(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        access.started(blob);
        started.complete(Optional.of(download));
    }

    /**
     * Returns true if readers may get this size before the digest is verified. A size that differs from the manifest's,
     * such as the size of a login page, is withheld until then, because an answer that has started can't become an
     * error. The size alone is no error, because the manifest may be wrong.
     */
    private boolean isPlausible(OptionalLong announced) {
        return announced.isEmpty() || expectedSize.isEmpty() || announced.equals(expectedSize);
    }

    /**
     * Decodes an answer whose size is not the manifest's, because some upstreams compress configs without being
     * asked.
     */
    private BlobAnswer decodedIfNeeded(BlobAnswer answer) {
        if (isPlausible(answer.size())) {
            return answer;
        }
        try {
            return answer.decoded().orElse(answer);
        } catch (IOException e) {
            throw new TransferInterrupted(e);
        }
    }

    /** Copies the rest from the store if a download from another registry has published the same blob meanwhile. */
    private boolean copyFromStore(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        // A repository gets bytes of the store only after its own upstream answered that it has the blob (ADR 8).
        Optional<BlobSource> stored = started.isDone() ? stored() : Optional.empty();
        if (stored.isEmpty()) {
            return false;
        }
        try (BlobSource source = stored.get()) {
            recheck(download);
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
            while (source.read(download.position(), buffer.clear()) >= 0) {
                download.append(buffer.flip());
            }
            return true;
        } catch (IOException e) {
            LOG.warn("fetching {}: copying the rest from the store failed; trying upstream: {}", this, e.toString());
            return false;
        }
    }

    /** Requests all bytes after the received ones, and receives the answer. */
    private void transfer(BlobDownload download, CompletableFuture<Optional<BlobDownload>> started) {
        long receivedBefore = download.position();
        try (BlobAnswer sent = upstream.blob(blob.repository().name(), blob.digest(), receivedBefore)) {
            sender = sent.sender();
            BlobAnswer answer = decodedIfNeeded(sent);
            // The size in the upstream's answer takes precedence over the size in a manifest.
            download.expectSize(answer.size().isPresent() ? answer.size() : expectedSize);
            if (isPlausible(answer.size())) {
                start(download, started);
            }
            recheck(download);
            StallDetectingCopy copy = new StallDetectingCopy(answer.body(), checkInterval, this::alternative);
            // An upstream that ignores the range sends the received bytes again.
            copy.skip(receivedBefore - answer.from());
            copy.copyTo(download::append);
        } catch (RegistryException e) {
            if (!isWrong(e) || !isWholeAlready(download)) {
                throw e;
            }
        }
        if (download.size().isPresent() && !isComplete(download)) {
            throw new TransferInterrupted(Resume.CUT, "the connection ended early");
        }
    }

    /** Verifies the checkpoints of an earlier attempt. Meanwhile the upstream's answer is not read. */
    private void recheck(BlobDownload download) {
        try {
            if (!download.recheck()) {
                throw new TransferInterrupted(Resume.RESTART, "the partial file is damaged after that byte");
            }
        } catch (IOException e) {
            // A partial file that can't be truncated is of no use to the next attempt either.
            store.discard(download);
            throw diskFailure(e);
        }
    }

    /**
     * Returns true if the received bytes are the whole blob. If the size is unknown, the upstream's refusal of the
     * range is the only sign of that.
     */
    private boolean isWholeAlready(BlobDownload download) {
        if (download.size().isPresent() || download.position() == 0) {
            return false;
        }
        recheck(download);
        return download.isComplete();
    }

    /** Returns the reason to give up a slow connection; empty if the blob has no alternative source. */
    private Optional<String> alternative() {
        if (store.isVerified(blob.digest())
                && access.decide(blob.repository(), blob.digest()).mayUseStore()) {
            return Optional.of("the blob is in the store now, from another registry");
        }
        return upstream.hasAlternative(blob.repository().name(), blob.digest())
                ? Optional.of("another source may have the blob")
                : Optional.empty();
    }

    /**
     * Returns true if a wrong blob may be downloaded again from byte 0: from an alternative source, or, once, from the
     * same source if an earlier attempt left some of the bytes. A pass-through download can't restart.
     */
    private boolean canRestart(BlobDownload download, long receivedBefore) {
        boolean hasAlternative = upstream.skip(blob.repository().name(), blob.digest());
        return (hasAlternative || (receivedBefore > 0 && !restarted)) && download.isWrittenToDisk();
    }

    private void restart(BlobDownload download, RegistryException cause, boolean isSizeKnownToReaders) {
        restarted = true;
        metrics.resumed(Resume.SOURCE);
        log(Level.WARN, "restarts from byte 0, because the content is wrong", cause);
        try {
            download.restart();
            if (!isSizeKnownToReaders) {
                download.forgetSize();
            }
        } catch (IOException e) {
            throw diskFailure(e);
        }
    }

    private static boolean isTransient(ErrorCode code) {
        return code.isUpstreamFailure() || code == ErrorCode.TOO_MANY_REQUESTS;
    }

    private void retryOrThrow(RetryBudget.Attempts attempts, RegistryException failure, Resume reason) {
        if (!attempts.pause(failure.retryAfter())) {
            throw failure;
        }
        metrics.resumed(reason);
        log(levelOf(failure, Level.INFO), "is retried", failure);
    }

    /** Logs a failure with the images of the blob; the message of an upstream already has the blob. */
    private void log(Level level, String what, Throwable failure) {
        if (LOG.isEnabledForLevel(level)) {
            String message = String.valueOf(failure.getMessage());
            String subject = message.contains(blob.toString()) ? "a fetch " : "fetching " + this + " ";
            LOG.atLevel(level).log("{}{}: {}{}", subject, what, message, access.images(blob));
        }
    }

    /** Returns the level for a failure: debug if the outage or rate limit of the upstream has been logged already. */
    private Level levelOf(Throwable failure, Level otherwise) {
        boolean isOfUpstream = failure instanceof RegistryException known && isTransient(known.code());
        return isOfUpstream
                        && upstream.sources().stream()
                                .allMatch(source -> source.refusal().isPresent())
                ? Level.DEBUG
                : otherwise;
    }

    private void publish(BlobDownload download) {
        if (!download.isWrittenToDisk()) {
            store.discard(download);
            return;
        }
        try {
            store.publish(download);
        } catch (IOException e) {
            // The readers have all bytes. The next request for the blob finds the complete partial file and publishes
            // it.
            LOG.error("publishing {} in the cache failed; the next request for it retries: {}", this, e.toString());
            download.checkpoint();
        }
    }

    /** Keeps the bytes received for the next attempt, unless they are wrong or the upstream does not have the blob. */
    private void abandon(BlobDownload download, Throwable cause) {
        boolean isUseless =
                cause instanceof RegistryException known && (isWrong(known) || known.code() == ErrorCode.BLOB_UNKNOWN);
        if (isUseless || download.position() == 0 || !download.isWrittenToDisk()) {
            store.discard(download);
            return;
        }
        // The interrupt is cleared during the write, because it would close the file channel.
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
        return size.isPresent() && download.position() == size.getAsLong();
    }

    private boolean mayBeComplete(BlobDownload download) {
        return isComplete(download)
                || (download.position() > 0
                        && download.size().isEmpty()
                        && expectedSize.equals(OptionalLong.of(download.position())));
    }

    private RegistryException diskFailure(IOException e) {
        return new RegistryException(
                ErrorCode.STORE_FAILED, "storing " + this + ": the disk of the cache failed: " + e.getMessage(), e);
    }

    @Override
    public String toString() {
        return blob.toString();
    }
}
