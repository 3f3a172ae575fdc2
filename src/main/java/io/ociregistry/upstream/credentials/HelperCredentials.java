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
 * What a credential helper knows of one registry, kept until it is refused or four fifths of its life are over.
 *
 * <p>One request at a time asks the helper. The others wait for it only where there is nothing that may still be good. It is asked once a
 * second at most, and every ten seconds at most while it knows nothing or does not renew what is still good. While it fails, what it said
 * before goes on to count.
 */
final class HelperCredentials implements CredentialSource {
    private static final Logger LOG = LoggerFactory.getLogger(HelperCredentials.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration LONG_PAUSE = Duration.ofSeconds(10);

    private final HelperPrograms programs;
    private final AuthConfig.Helper helper;
    private final String server;
    private final LongSupplier nanoTime;
    /** Held while the helper is asked, and never taken with the monitor of this. */
    private final ReentrantLock asking = new ReentrantLock();
    // Guarded by this.
    private Optional<Credentials> held = Optional.empty();
    private @Nullable RegistryException failure;
    private @Nullable Long askedAt;
    /** How long not to ask again. */
    private Duration rest = Duration.ZERO;
    /** What is held was refused. */
    private boolean refused;

    /**
     * Of a helper that is not asked yet.
     *
     * @param server what it knows the registry as
     */
    HelperCredentials(HelperPrograms programs, AuthConfig.Helper helper, String server, LongSupplier nanoTime) {
        this.programs = programs;
        this.helper = helper;
        this.server = server;
        this.nanoTime = nanoTime;
    }

    @Override
    public Optional<Credentials> get() {
        if (isDue() && takesTurn()) {
            try {
                if (isDue()) {
                    ask();
                }
            } finally {
                asking.unlock();
            }
        }
        return known();
    }

    @Override
    public synchronized void refused(Credentials credentials) {
        if (held.filter(credentials::equals).isPresent()) {
            refused = true;
            rest = PAUSE;
        }
    }

    private boolean takesTurn() {
        if (mayBeGood()) {
            return asking.tryLock();
        }
        asking.lock();
        return true;
    }

    private void ask() {
        try {
            told(programs.ask(helper, server));
        } catch (RegistryException e) {
            failed(e);
        }
    }

    private synchronized boolean isDue() {
        return askedAt == null || nanoTime.getAsLong() - askedAt >= rest.toNanos();
    }

    private synchronized boolean mayBeGood() {
        return held.isPresent() && !refused;
    }

    private synchronized Optional<Credentials> known() {
        if (failure != null && held.isEmpty()) {
            throw failure;
        }
        return held;
    }

    private synchronized void told(Optional<Credentials> credentials) {
        refused &= credentials.equals(held);
        held = credentials;
        failure = null;
        askedAt = nanoTime.getAsLong();
        rest = held.isEmpty() ? LONG_PAUSE : life();
    }

    private synchronized void failed(RegistryException e) {
        boolean told = failure != null && failure.getMessage().equals(e.getMessage());
        failure = e;
        askedAt = nanoTime.getAsLong();
        rest = mayBeGood() ? LONG_PAUSE : PAUSE;
        if (!told) {
            LOG.warn("{}{}", e.getMessage(), held.isPresent() ? "; going on with what it said before" : "");
        }
    }

    private Duration life() {
        Duration longest = Duration.ofDays(365);
        Duration life =
                helper.life().filter(told -> told.compareTo(longest) < 0).orElse(longest);
        return life.multipliedBy(4).dividedBy(5);
    }
}
