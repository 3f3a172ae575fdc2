package io.ociregistry.registry.load;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fetches what one image of a load needs, with the patience there is for its registry. */
public final class LoadFetch {
    private static final Logger LOG = LoggerFactory.getLogger(LoadFetch.class);

    private final LoadSession load;
    private final LoadSource source;
    private final Repository repository;
    private final LoadProgress progress;
    private final RegistryRetryBudget link;
    private final AtomicLong bytes = new AtomicLong();
    private volatile boolean gotAnything;

    public LoadFetch(LoadSession load, LoadSource source, Repository repository, LoadProgress progress) {
        this.load = load;
        this.source = source;
        this.repository = repository;
        this.progress = progress;
        this.link = load.patience(repository.registry());
    }

    /** True if something is here now that was not before. */
    boolean gotAnything() {
        return gotAnything;
    }

    /** Of blobs that were not here before, and that no other image of the load counts. */
    long bytes() {
        return bytes.get();
    }

    public Manifest manifest(ImageReference name) throws InterruptedException {
        Optional<Manifest> before = source.cached(name);
        Manifest manifest = ask(() -> source.manifest(name)).manifest();
        if (before.filter(known -> known.digest().equals(manifest.digest())).isEmpty()) {
            gotAnything = true;
        }
        return manifest;
    }

    /** The answer to a question, which is asked again for as long as that makes sense. */
    public <T> T ask(Supplier<CompletionStage<T>> question) throws InterruptedException {
        return persist(() -> answer(question.get()));
    }

    /** Brings a blob in; tells why not. */
    public Optional<RegistryException> blob(Descriptor blob) throws InterruptedException {
        BlobLoad arrival = new BlobLoad(source, repository, blob, progress, link);
        try {
            persist(() -> {
                arrival.receive(answer(source.blob(repository, blob.digest())));
                return blob;
            });
            gotAnything = true;
            progress.got(blob.size());
            if (load.counts(blob.digest())) {
                bytes.addAndGet(Math.max(0, blob.size()));
            }
            return Optional.empty();
        } catch (RegistryException e) {
            if (e.code() == ErrorCode.STORE_FAILED) {
                load.diskFailed(e);
            }
            return Optional.of(e);
        }
    }

    private interface Attempt<T> {
        T run() throws InterruptedException;
    }

    private <T> T persist(Attempt<T> attempt) throws InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (RegistryException e) {
                progress.start();
                if (!link.waitsAfter(e)) {
                    throw e;
                }
                LOG.info("trying again: {}", e.getMessage());
            }
        }
    }

    private <T> T answer(CompletionStage<T> stage) throws InterruptedException {
        CompletableFuture<T> answer = stage.toCompletableFuture();
        if (answer.isDone()) {
            return get(answer);
        }
        progress.start();
        T value = get(answer);
        link.progressed();
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
}
