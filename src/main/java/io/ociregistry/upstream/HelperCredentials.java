package io.ociregistry.upstream;

import io.ociregistry.config.AuthConfig;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a credential helper knows of one registry, kept until it is refused or four fifths of its life are over.
 *
 * <p>One request at a time asks the helper and the others wait for it; it is asked once a second at most, and every ten seconds at most
 * while it knows nothing. While it fails, what it said before goes on to count.
 */
final class HelperCredentials implements CredentialSource {
    private static final Logger LOG = LoggerFactory.getLogger(HelperCredentials.class);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration NOTHING = Duration.ofSeconds(10);

    private final HelperPrograms programs;
    private final AuthConfig.Helper helper;
    private final String server;
    private final LongSupplier nanoTime;
    // Guarded by this.
    private Optional<Credentials> held = Optional.empty();
    private @Nullable RegistryException failure;
    private @Nullable Long askedAt;
    /** How long not to ask again. */
    private Duration rest = Duration.ZERO;

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
    public synchronized Optional<Credentials> get() {
        if (askedAt == null || nanoTime.getAsLong() - askedAt >= rest.toNanos()) {
            ask();
        }
        if (failure != null && held.isEmpty()) {
            throw failure;
        }
        return held;
    }

    @Override
    public synchronized void refused(Credentials credentials) {
        if (held.filter(credentials::equals).isPresent()) {
            rest = PAUSE;
        }
    }

    private void ask() {
        try {
            held = programs.ask(helper, server);
            failure = null;
            rest = held.isEmpty() ? NOTHING : life();
        } catch (RegistryException e) {
            failure = e;
            rest = PAUSE;
            if (held.isPresent()) {
                LOG.warn("{}; going on with what it said before", e.getMessage());
            }
        }
        askedAt = nanoTime.getAsLong();
    }

    private Duration life() {
        Duration longest = Duration.ofDays(365);
        Duration life =
                helper.life().filter(told -> told.compareTo(longest) < 0).orElse(longest);
        return life.multipliedBy(4).dividedBy(5);
    }
}
