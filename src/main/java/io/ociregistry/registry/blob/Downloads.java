package io.ociregistry.registry.blob;

import io.ociregistry.common.RunOnce;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.download.BlobDownload;
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
import java.util.function.BooleanSupplier;

/**
 * The blobs that are arriving: at most one transfer per digest and source, however many clients and repositories ask. A slow or lying registry
 * never holds up what another one sends.
 *
 * <p>A transfer belongs to nobody: a client that leaves, the last one too, changes nothing.
 */
final class Downloads {
    private final BlobStore blobs;
    /** Complete once readers can be told size and success; empty where it turned out that there is nothing to transfer. */
    private final Map<Key, Arrival> inFlight = new ConcurrentHashMap<>();

    Downloads(BlobStore blobs) {
        this.blobs = blobs;
    }

    /** Where a blob arrives from: a registry, or the store itself where it is only being checked. */
    record Key(Digest digest, Optional<RegistryName> source) {}

    /** Brings one blob in: from an upstream, or from a file of the store that nobody verified yet. */
    interface Receiver {
        /** What readers can be given before {@link #run} has got its turn; empty if that takes an answer. Does not wait. */
        default Optional<BlobDownload> open() {
            return Optional.empty();
        }

        /**
         * Receives the whole blob and leaves it in the store. Blocks until then.
         *
         * @param started to be completed as soon as readers can be told size and success. From then on the download is the caller's, who
         *     closes it and tells its readers of a failure
         * @throws RuntimeException if it fails
         */
        void run(CompletableFuture<Optional<BlobDownload>> started);
    }

    /** True if that blob is arriving just now. */
    boolean isArriving(Key key) {
        return inFlight.containsKey(key);
    }

    /** Complete when that blob is no longer arriving, whatever came of it. */
    CompletionStage<Void> over(Key key) {
        Arrival arrival = inFlight.get(key);
        return arrival == null ? CompletableFuture.completedStage(null) : arrival.over.minimalCompletionStage();
    }

    /** What upstreams are sending just now, as far as they have begun to. */
    List<ArrivingBlob> arriving() {
        List<ArrivingBlob> arriving = new ArrayList<>();
        inFlight.forEach((key, arrival) -> key.source().ifPresent(source -> arrival.download()
                .map(download -> new ArrivingBlob(
                        key.digest().toString(),
                        source.toString(),
                        download.held(),
                        download.size().isPresent() ? download.size().getAsLong() : null))
                .ifPresent(arriving::add)));
        return arriving;
    }

    /** The size of a blob that is arriving, once its upstream has told it. */
    OptionalLong arrivingSize(Key key) {
        Arrival started = inFlight.get(key);
        return started == null
                ? OptionalLong.empty()
                : started.download().map(BlobDownload::size).orElse(OptionalLong.empty());
    }

    /**
     * A reader of the blob, from the store, from the transfer under way, or from a new one; complete once its headers are known.
     *
     * @param executor a transfer that waits is given to it too, so that it can move up
     */
    CompletionStage<BlobSource> join(Key key, Executor executor, Receiver receiver) {
        return join(key, executor, receiver, () -> true);
    }

    /**
     * The same for who may not be shown everything.
     *
     * @param shares whether what the store has may be given instead
     */
    CompletionStage<BlobSource> join(Key key, Executor executor, Receiver receiver, BooleanSupplier shares) {
        Arrival mine = new Arrival(key, receiver);
        Arrival first = inFlight.putIfAbsent(key, mine);
        if (first == null) {
            return start(key, mine, executor, receiver, shares);
        }
        first.once.join(executor);
        return first.thenCompose(download -> download.flatMap(BlobDownload::reader)
                .map(Downloads::tellable)
                .orElseGet(() -> succeed(key, first, executor, receiver, shares)));
    }

    /** What was in flight ended since we saw it, or is no longer held from its start on: the store has it now, or a new transfer will. */
    private CompletionStage<BlobSource> succeed(
            Key key,
            CompletableFuture<Optional<BlobDownload>> first,
            Executor executor,
            Receiver receiver,
            BooleanSupplier shares) {
        inFlight.remove(key, first);
        return join(key, executor, receiver, shares);
    }

    private CompletionStage<BlobSource> start(
            Key key, Arrival mine, Executor executor, Receiver receiver, BooleanSupplier shares) {
        // A transfer may have ended since the caller looked into the store.
        Optional<BlobSource> stored = stored(key.digest(), shares);
        if (stored.isPresent()) {
            inFlight.remove(key, mine);
            mine.complete(Optional.empty());
            mine.over.complete(null);
            return CompletableFuture.completedStage(stored.get());
        }
        // Registered before the transfer can end, so the download is still open when it asks for its reader.
        CompletionStage<BlobSource> reader = mine.thenApply(
                download -> download.flatMap(BlobDownload::reader).orElseThrow());
        try {
            receiver.open().ifPresent(open -> mine.complete(Optional.of(open)));
            mine.once.start(executor);
        } catch (RejectedExecutionException e) {
            end(key, mine, Optional.of(SingleFlight.overloaded("blob " + key.digest())));
        } catch (RegistryException e) {
            end(key, mine, Optional.of(e));
        }
        return reader.thenCompose(Downloads::tellable);
    }

    /** Of an empty body there is no last byte to withhold, so nobody is told of one before it is verified. */
    private static CompletionStage<BlobSource> tellable(BlobSource source) {
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

    /** Asked when it is open: what another registry brought in just now was linked to that one before it was there. */
    private Optional<BlobSource> stored(Digest digest, BooleanSupplier shares) {
        Optional<BlobSource> stored = blobs.open(digest);
        if (stored.isPresent() && !shares.getAsBoolean()) {
            stored.get().close();
            return Optional.empty();
        }
        return stored;
    }

    /** A transfer, from when it is asked for to its end; complete once readers can be told size and success. */
    private final class Arrival extends CompletableFuture<Optional<BlobDownload>> {
        private final RunOnce once;
        private final CompletableFuture<Void> over = new CompletableFuture<>();

        Arrival(Key key, Receiver receiver) {
            this.once = new RunOnce(() -> Downloads.this.run(key, this, receiver));
        }

        /** Once readers can be told of it. */
        Optional<BlobDownload> download() {
            return isDone() && !isCompletedExceptionally() ? join() : Optional.empty();
        }
    }

    private void run(Key key, Arrival started, Receiver receiver) {
        Optional<RegistryException> failure = Optional.empty();
        try {
            receiver.run(started);
        } catch (RegistryException e) {
            failure = Optional.of(e);
        } catch (RuntimeException | Error e) {
            failure = Optional.of(
                    new RegistryException(ErrorCode.INTERNAL, "the transfer of blob " + key.digest() + ": " + e, e));
        }
        end(key, started, failure);
    }

    private void end(Key key, Arrival started, Optional<RegistryException> failure) {
        // Before its readers hear of it: who asks again must not join what failed. And who finds it in the map finds it
        // open.
        inFlight.remove(key, started);
        failure.ifPresent(started::completeExceptionally);
        if (!started.isCompletedExceptionally()) {
            Optional<BlobDownload> download = started.join();
            failure.ifPresent(cause -> download.ifPresent(open -> open.fail(cause)));
            download.ifPresent(BlobDownload::release);
        }
        started.over.complete(null);
    }
}
