package io.ociregistry.upstream.credentials;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The credentials of one registry from a credential helper, cached until they are refused or four fifths of their life
 * have passed.
 *
 * <p>One request at a time runs the helper. Other requests wait only if no credentials are cached that may be valid.
 * The helper runs at most once a second, and at most every ten seconds while it has no credentials or fails to renew
 * credentials that may be valid. If it fails, its previous credentials stay in use. Thread-safe.
 *
 * <p>A lock and not a {@link io.ociregistry.common.SingleFlight}, because a request that has usable credentials does
 * not join the run of another request.
 */
final class HelperCredentials implements CredentialSource {
    private static final Logger LOG = LoggerFactory.getLogger(HelperCredentials.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration LONG_PAUSE = Duration.ofSeconds(10);

    private final HelperPrograms programs;
    private final AuthConfig.Helper helper;
    private final String server;
    private final LongSupplier nanoTime;
    /** Held while the helper runs; never acquired by a thread that holds the monitor of this object. */
    private final ReentrantLock runLock = new ReentrantLock();
    // Guarded by this.
    private Optional<Credentials> cached = Optional.empty();
    private @Nullable RegistryException failure;
    private @Nullable Long lastRunNanos;
    /** Minimum time between two runs of the helper. */
    private Duration minPause = Duration.ZERO;
    /** Whether the cached credentials were refused. */
    private boolean refused;

    /**
     * Runs nothing yet.
     *
     * @param server the name of the registry for the helper
     */
    HelperCredentials(HelperPrograms programs, AuthConfig.Helper helper, String server, LongSupplier nanoTime) {
        this.programs = programs;
        this.helper = helper;
        this.server = server;
        this.nanoTime = nanoTime;
    }

    @Override
    public Optional<Credentials> get() {
        if (isDue() && acquireRunLock()) {
            try {
                if (isDue()) {
                    runHelper();
                }
            } finally {
                runLock.unlock();
            }
        }
        return cachedOrThrow();
    }

    @Override
    public synchronized void invalidate(Credentials credentials) {
        if (cached.filter(credentials::equals).isPresent()) {
            refused = true;
            minPause = PAUSE;
        }
    }

    private boolean acquireRunLock() {
        if (isUsable()) {
            return runLock.tryLock();
        }
        runLock.lock();
        return true;
    }

    private void runHelper() {
        try {
            succeeded(programs.get(helper, server));
        } catch (RegistryException e) {
            failed(e);
        }
    }

    private synchronized boolean isDue() {
        return lastRunNanos == null || nanoTime.getAsLong() - lastRunNanos >= minPause.toNanos();
    }

    private synchronized boolean isUsable() {
        return cached.isPresent() && !refused;
    }

    private synchronized Optional<Credentials> cachedOrThrow() {
        if (failure != null && cached.isEmpty()) {
            throw failure;
        }
        return cached;
    }

    private synchronized void succeeded(Optional<Credentials> credentials) {
        refused &= credentials.equals(cached);
        cached = credentials;
        failure = null;
        lastRunNanos = nanoTime.getAsLong();
        minPause = cached.isEmpty() ? LONG_PAUSE : cacheTime();
    }

    private synchronized void failed(RegistryException e) {
        boolean logged = failure != null && failure.getMessage().equals(e.getMessage());
        failure = e;
        lastRunNanos = nanoTime.getAsLong();
        minPause = isUsable() ? LONG_PAUSE : PAUSE;
        if (!logged) {
            LOG.warn("{}{}", e.getMessage(), cached.isPresent() ? "; using its previous credentials" : "");
        }
    }

    private Duration cacheTime() {
        Duration longest = Duration.ofDays(365);
        Duration life = helper.lifetime()
                .filter(configured -> configured.compareTo(longest) < 0)
                .orElse(longest);
        return life.multipliedBy(4).dividedBy(5);
    }
}
