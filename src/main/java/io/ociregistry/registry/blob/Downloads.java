package io.ociregistry.registry.blob;

import io.ociregistry.common.RunOnce;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.upstream.Priority;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The downloads in flight: at most one for each digest and source, shared by all clients and repositories; thread-safe.
 *
 * <p>Downloads are separate for each registry, so that a slow or wrong registry never delays what another one sends. A
 * download belongs to no client: it continues when its clients leave, even the last one (ADR 2).
 *
 * <p>Not a {@link SingleFlight}, whose key is free once its callers have a result: a download has readers from its
 * first byte on, and its key stays taken until its last byte is published.
 */
final class Downloads {
    /** Each completes once readers may use the download; with an empty result if the store already had the blob. */
    private final Map<Key, Transfer> inFlight = new ConcurrentHashMap<>();

    /**
     * A digest and the source that sends it.
     *
     * @param source the registry; empty if a file of the store is verified
     */
    record Key(Digest digest, Optional<RegistryName> source) {
        /** Returns the key of a download from a repository's registry. */
        static Key of(Repository repository, Digest digest) {
            return new Key(digest, Optional.of(repository.registry()));
        }
    }

    /** Receives one blob: from an upstream, or from a file of the store that is not verified yet. */
    interface Receiver {
        /**
         * Opens the blob if the store has it by now and the receiver's repository may have it. A download may have
         * published the blob since the caller's lookup in the store. Never blocks.
         */
        Optional<BlobSource> stored();

        /** Returns how urgent the request that starts the download is. */
        default Priority priority() {
            return Priority.CLIENT;
        }

        /** Returns a download that readers may use before {@link #run} starts; empty if there is none. Never blocks. */
        default Optional<BlobDownload> open() {
            return Optional.empty();
        }

        /** Returns the registry or mirror that sends the blob, as far as this is known. */
        default String sender() {
            return Provenance.CACHE;
        }

        /**
         * Receives the whole blob into the store; blocks until the end.
         *
         * @param started completed by this method once readers may use the download. From then on the caller owns the
         *     download: the caller releases it and reports a failure to its readers
         * @throws RuntimeException if the transfer fails
         */
        void run(CompletableFuture<Optional<BlobDownload>> started);
    }

    /** Returns true if a download of this blob is in flight. */
    boolean isInFlight(Key key) {
        return inFlight.containsKey(key);
    }

    /** Completes when no download of this blob is in flight any more, successful or not. */
    CompletionStage<Void> completion(Key key) {
        Transfer transfer = inFlight.get(key);
        return transfer == null ? CompletableFuture.completedStage(null) : transfer.completion.minimalCompletionStage();
    }

    /** Returns the blobs that upstreams have started to send and that are still in flight. */
    List<BlobService.InFlightBlob> inFlight() {
        List<BlobService.InFlightBlob> found = new ArrayList<>();
        inFlight.forEach((key, transfer) -> key.source().ifPresent(source -> transfer.download()
                .map(download -> new BlobService.InFlightBlob(
                        key.digest().toString(),
                        source.toString(),
                        transfer.priority,
                        download.position(),
                        download.size().isPresent() ? download.size().getAsLong() : null))
                .ifPresent(found::add)));
        return found;
    }

    /** Returns the size of a blob in flight; empty if it is not in flight or its upstream has not sent the size yet. */
    OptionalLong sizeInFlight(Key key) {
        Transfer started = inFlight.get(key);
        return started == null
                ? OptionalLong.empty()
                : started.download().map(BlobDownload::size).orElse(OptionalLong.empty());
    }

    /**
     * Returns a reader of the blob: from the store, from the download in flight, or from a new download. Completes
     * once the size and the success of the upstream's answer are known.
     *
     * @param executor runs a new download; a download that is still queued in another executor is also submitted to
     *     this one, and runs in the executor that reaches it first
     */
    CompletionStage<BlobResult> join(Key key, Executor executor, Receiver receiver) {
        Transfer own = new Transfer(key, receiver);
        Transfer first = inFlight.putIfAbsent(key, own);
        if (first == null) {
            return start(key, own, executor, receiver);
        }
        first.once.join(executor);
        return first.thenCompose(download -> download.flatMap(BlobDownload::reader)
                .map(reader -> verifiedIfEmpty(reader)
                        .thenApply(source ->
                                new BlobResult(source, first.provenance().joined())))
                .orElseGet(() -> joinNext(key, first, executor, receiver)));
    }

    /**
     * Opens the stored blob or joins a new download, because the first download has ended or has discarded its first
     * bytes.
     */
    private CompletionStage<BlobResult> joinNext(
            Key key, CompletableFuture<Optional<BlobDownload>> first, Executor executor, Receiver receiver) {
        inFlight.remove(key, first);
        return join(key, executor, receiver);
    }

    private CompletionStage<BlobResult> start(Key key, Transfer own, Executor executor, Receiver receiver) {
        Optional<BlobSource> stored = receiver.stored();
        if (stored.isPresent()) {
            inFlight.remove(key, own);
            own.complete(Optional.empty());
            own.completion.complete(null);
            return CompletableFuture.completedStage(BlobResult.stored(stored.get()));
        }
        // Registered before the download can end, so that the download is still open when this stage asks for a reader.
        CompletionStage<BlobSource> reader =
                own.thenApply(download -> download.flatMap(BlobDownload::reader).orElseThrow());
        try {
            receiver.open().ifPresent(open -> own.complete(Optional.of(open)));
            own.once.start(executor);
        } catch (RejectedExecutionException e) {
            end(key, own, Optional.of(SingleFlight.overloaded("blob " + key.digest())));
        } catch (RegistryException e) {
            end(key, own, Optional.of(e));
        }
        return reader.thenCompose(Downloads::verifiedIfEmpty)
                .thenApply(source -> new BlobResult(source, own.provenance()));
    }

    /**
     * Delays the reader of an empty blob until its digest is verified, because an empty body has no last byte to
     * withhold.
     */
    private static CompletionStage<BlobSource> verifiedIfEmpty(BlobSource source) {
        if (source.size().isEmpty() || source.size().getAsLong() > 0) {
            return CompletableFuture.completedStage(source);
        }
        CompletableFuture<BlobSource> verified = new CompletableFuture<>();
        source.whenReadable(0, () -> {
            try {
                source.read(0, ByteBuffer.allocate(1));
                verified.complete(source);
            } catch (IOException | RuntimeException e) {
                source.close();
                verified.completeExceptionally(e);
            }
        });
        return verified;
    }

    /** A download, from its request to its end; complete once readers may use it. */
    private final class Transfer extends CompletableFuture<Optional<BlobDownload>> {
        private final Receiver receiver;
        private final RunOnce once;
        private final Priority priority;
        private final CompletableFuture<Void> completion = new CompletableFuture<>();

        Transfer(Key key, Receiver receiver) {
            this.receiver = receiver;
            this.priority = receiver.priority();
            this.once = new RunOnce(() -> Downloads.this.run(key, this, receiver));
        }

        Provenance provenance() {
            String sender = receiver.sender();
            return sender.equals(Provenance.CACHE) ? Provenance.HIT : Provenance.miss(sender);
        }

        /** Returns the download once readers may use it. */
        Optional<BlobDownload> download() {
            return isDone() && !isCompletedExceptionally() ? join() : Optional.empty();
        }
    }

    private void run(Key key, Transfer started, Receiver receiver) {
        Optional<RegistryException> failure = Optional.empty();
        try {
            receiver.run(started);
        } catch (RegistryException e) {
            failure = Optional.of(e);
        } catch (RuntimeException | Error e) {
            failure = Optional.of(
                    new RegistryException(ErrorCode.INTERNAL, "downloading blob " + key.digest() + " failed: " + e, e));
        }
        end(key, started, failure);
    }

    private void end(Key key, Transfer started, Optional<RegistryException> failure) {
        // Removed before readers get the failure, so that a retry does not join the failed download, and before the
        // release, so that a download found in the map is open.
        inFlight.remove(key, started);
        failure.ifPresent(started::completeExceptionally);
        if (!started.isCompletedExceptionally()) {
            Optional<BlobDownload> download = started.join();
            failure.ifPresent(cause -> download.ifPresent(open -> open.fail(cause)));
            download.ifPresent(BlobDownload::release);
        }
        started.completion.complete(null);
    }
}
