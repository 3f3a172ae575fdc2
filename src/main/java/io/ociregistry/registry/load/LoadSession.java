package io.ociregistry.registry.load;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.policy.ListedImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What the images of one load share: threads, patience with each registry, and who counts a blob. */
public final class LoadSession implements AutoCloseable {
    private static final Duration PACE = Duration.ofMillis(500);
    private static final Duration END = Duration.ofSeconds(5);
    /** Blobs of one image at a time; those of all together are within the limits of their registry. */
    private static final int BLOBS = 3;

    private final LoadSource source;
    private final LoadOptions options;
    private final LoadListener listener;
    private final ExecutorService images;
    private final ExecutorService blobs;
    private final ScheduledExecutorService clock;
    private final Map<RegistryName, RegistryRetryBudget> links = new ConcurrentHashMap<>();
    private final Set<LoadProgress> active = ConcurrentHashMap.newKeySet();
    private final Set<Digest> counted = ConcurrentHashMap.newKeySet();
    private volatile @Nullable RegistryException diskFailure;

    public LoadSession(LoadSource source, LoadOptions options, LoadListener listener) {
        this.source = source;
        this.options = options;
        this.listener = listener;
        this.images = Executors.newFixedThreadPool(options.parallel(), Daemons.numbered("load-"));
        this.blobs = Executors.newFixedThreadPool(BLOBS * options.parallel(), Daemons.numbered("load-blob-"));
        this.clock = Executors.newSingleThreadScheduledExecutor(Daemons.named("load-progress"));
        tellProgress();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it ends with this
    private void tellProgress() {
        long pace = Math.max(1, Math.min(PACE.toMillis(), options.patience().toMillis() / 4));
        clock.scheduleWithFixedDelay(() -> active.forEach(LoadProgress::tell), pace, pace, TimeUnit.MILLISECONDS);
    }

    /** Does all of that, so much at a time as images are to be loaded. */
    void all(List<Callable<Void>> work) throws InterruptedException {
        for (Future<Void> each : images.invokeAll(work)) {
            result(each);
        }
    }

    private static <T> T result(Future<T> done) throws InterruptedException {
        try {
            return done.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InterruptedException) {
                throw new InterruptedException();
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Brings one image in. */
    Void load(ListedImage image) throws InterruptedException {
        LoadProgress progress = new LoadProgress(image.toString(), listener);
        active.add(progress);
        try {
            progress.end(new ImageLoad(this, source, options, image, progress).run());
        } finally {
            active.remove(progress);
        }
        return null;
    }

    /** Does these at the same time as far as there are threads, and waits for all. Tells what failed. */
    List<RegistryException> blobs(List<Callable<Optional<RegistryException>>> work) throws InterruptedException {
        List<RegistryException> failures = new ArrayList<>();
        for (Future<Optional<RegistryException>> each : blobs.invokeAll(work)) {
            result(each).ifPresent(failures::add);
        }
        return failures;
    }

    /** The patience with that registry, which begins when it is first wanted. */
    RegistryRetryBudget patience(RegistryName registry) {
        return links.computeIfAbsent(registry, unused -> new RegistryRetryBudget(options.patience()));
    }

    /** True for the first image that has brought that blob in. */
    boolean counts(Digest blob) {
        return counted.add(blob);
    }

    /** Why the cache's disk takes nothing, which is the same for all images. */
    Optional<RegistryException> diskFailure() {
        return Optional.ofNullable(diskFailure);
    }

    void diskFailed(RegistryException failure) {
        diskFailure = failure;
    }

    @Override
    public void close() {
        List.of(clock, images, blobs).forEach(each -> Pools.interrupt(each, END));
    }
}
