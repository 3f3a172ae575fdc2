package io.ociregistry.registry.load;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches the content of one image of a load, with retries as long as its registry makes progress. Thread-safe. */
public final class LoadFetch {
    private static final Logger LOG = LoggerFactory.getLogger(LoadFetch.class);
    private static final long POLL_MILLIS = 250;
    private static final String DISK_FAILURE = "it is full or can't be written; see the log";

    private final LoadSession session;
    private final ContentSource source;
    private final Repository repository;
    private final LoadProgress progress;
    private final RegistryRetryBudget retries;
    private final AtomicLong bytes = new AtomicLong();
    private volatile boolean fetchedAnything;

    LoadFetch(LoadSession session, Repository repository, LoadProgress progress) {
        this.session = session;
        this.source = session.source();
        this.repository = repository;
        this.progress = progress;
        this.retries = session.retryBudget(repository.registry());
    }

    /** True if a manifest or blob was fetched that was not cached before. */
    boolean fetchedAnything() {
        return fetchedAnything;
    }

    /** The bytes received for the fetched blobs, without those of blobs that another image of the load counts. */
    long bytes() {
        return bytes.get();
    }

    public Manifest manifest(ImageReference name) throws InterruptedException {
        Optional<Manifest> before = source.cached(name);
        Manifest manifest = awaitWithRetries(
                        () -> session.options().refresh() ? source.refreshed(name) : source.manifest(name))
                .manifest();
        if (before.filter(known -> known.digest().equals(manifest.digest())).isEmpty()) {
            fetchedAnything = true;
        }
        return manifest;
    }

    /** Sends a request and waits for the answer; retries as long as the retry budget of the registry allows. */
    public <T> T awaitWithRetries(Supplier<CompletionStage<T>> request) throws InterruptedException {
        return retry(() -> await(request.get()));
    }

    /** Fetches a blob; returns the failure, if any. */
    public Optional<RegistryException> blob(Descriptor blob) throws InterruptedException {
        Transfer transfer = new Transfer(blob);
        try {
            retry(() -> {
                transfer.receive(await(source.blob(repository, blob.digest())));
                return blob;
            });
            fetchedAnything = true;
            long received = Math.max(0, blob.size().orElse(0) - transfer.resumed);
            progress.addStored(transfer.resumed);
            progress.addReceived(received);
            if (session.countOnce(blob.digest())) {
                bytes.addAndGet(received);
            }
            return Optional.empty();
        } catch (RegistryException e) {
            if (e.code() == ErrorCode.STORE_FAILED) {
                session.recordDiskFailure(e);
            }
            return Optional.of(e);
        }
    }

    private interface Attempt<T> {
        T run() throws InterruptedException;
    }

    private <T> T retry(Attempt<T> attempt) throws InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (RegistryException e) {
                progress.start();
                if (!retries.awaitRetry(e)) {
                    throw e;
                }
                LOG.info("loading {}: {}; retrying", progress.image(), e.getMessage());
            }
        }
    }

    private <T> T await(CompletionStage<T> stage) throws InterruptedException {
        CompletableFuture<T> answer = stage.toCompletableFuture();
        if (answer.isDone()) {
            return get(answer);
        }
        progress.start();
        T value = get(answer);
        retries.onProgress();
        return value;
    }

    private static <T> T get(CompletableFuture<T> answer) throws InterruptedException {
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RegistryException known) {
                throw known;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Waits for one blob while it is downloaded. Only bytes that no earlier attempt downloaded count as progress. */
    final class Transfer {
        private final Descriptor blob;
        private long reached;
        private volatile long resumed = Long.MAX_VALUE;

        Transfer(Descriptor blob) {
            this.blob = blob;
        }

        /**
         * Returns the bytes that were left before this load. A retry also resumes bytes that this load received before,
         * so the lowest number counts.
         */
        synchronized long resumed(BlobSource download) {
            resumed = Math.min(resumed, download.resumed());
            return resumed;
        }

        /**
         * Returns when the blob is in the store.
         *
         * @throws RegistryException if the download or the store fails, or if no bytes arrive for too long
         */
        void receive(BlobSource download) throws InterruptedException {
            progress.transferStarted(this, download);
            try (download) {
                CountDownLatch ended = new CountDownLatch(1);
                download.whenReadable(BlobSource.END, ended::countDown);
                while (!ended.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                    checkProgress(download);
                }
                checkProgress(download);
                // Readers get the last byte before the file is published.
                get(source.completion(repository, blob.digest()).toCompletableFuture());
                if (!source.isCached(repository, blob.digest())) {
                    throw failure(download);
                }
            } finally {
                resumed(download);
                progress.transferEnded(this);
            }
        }

        private void checkProgress(BlobSource download) {
            long now = download.available();
            if (now > reached) {
                reached = now;
                retries.onProgress();
            } else if (retries.isExhausted()) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_TIMEOUT,
                        "blob " + repository + "@" + blob.digest() + ": no more bytes arrived for too long, after "
                                + reached + " of "
                                + (blob.size().isPresent() ? blob.size().getAsLong() : "?")
                                + " bytes; these are kept");
            }
        }

        private RegistryException failure(BlobSource download) {
            String why = DISK_FAILURE;
            try {
                download.read(download.available(), ByteBuffer.allocate(1));
            } catch (RegistryException e) {
                if (e.code() != ErrorCode.STORE_FAILED) {
                    return e;
                }
                // Its message says which rate a reader must keep in pass-through mode, which does not apply to a load.
            } catch (IOException e) {
                why = String.valueOf(e.getMessage());
            }
            return new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "store blob " + repository + "@" + blob.digest() + ": the disk of the cache failed: " + why);
        }
    }
}
