package io.ociregistry.upstream.health;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.address.Origin;
import java.util.Optional;
import org.apache.hc.core5.http.HttpResponse;

/**
 * What the requests to an upstream told of it so far: whether it is down or silent, and what it limits.
 *
 * @param relays true for a cache, whose errors and limits are those of what it asks itself: other things it may have
 * @param stumbles true for requests that a registry that is well may answer 500 to
 */
public record Health(
        Origin home, Breaker breaker, SilenceDetector pulse, RateLimits limits, boolean relays, boolean stumbles) {
    private static final int INTERNAL_ERROR = 500;
    private static final int LOOP_DETECTED = 508;

    /** Of an upstream, which counts every 5xx. */
    public Health(Origin home, Breaker breaker, SilenceDetector pulse, RateLimits limits, boolean relays) {
        this(home, breaker, pulse, limits, relays, false);
    }

    /**
     * The same for manifests by digest. Registries that run distribution 2.x answer 500 for the digest of a blob: so any client could have an
     * upstream taken for down, and images that share layers would do so by themselves.
     */
    public Health forManifestsByDigest() {
        return new Health(home, breaker, pulse, limits, relays, true);
    }

    /**
     * Does nothing unless a request of that kind is known to be of no use now.
     *
     * @throws RegistryException what it would come to, with a time to retry
     */
    public void check(RequestKind kind) {
        breaker.check();
        limits.check(kind);
    }

    /** A request is sent to the registry; empty for one to somewhere else. The caller ends the wait. */
    public Optional<SilenceDetector.Wait> begin(Origin to, Runnable breakOff) {
        return to.equals(home) ? Optional.of(pulse.begin(breakOff)) : Optional.empty();
    }

    /** An answer came, from the registry or from where it sent us. What others do says nothing about whether the registry is up. */
    public void answered(RequestKind kind, Origin from, HttpResponse answer) {
        if (!relays) {
            limits.answered(kind, answer);
        }
        if (from.equals(home)) {
            pulse.sign();
        }
        if (from.equals(home) && tells(kind, answer.getCode())) {
            breaker.answered(relays ? 200 : answer.getCode());
        }
    }

    /** A referrers API that fails is no registry that does, and whoever noticed a loop is well. */
    private boolean tells(RequestKind kind, int status) {
        return status < 500
                || (kind != RequestKind.REFERRERS
                        && status != LOOP_DETECTED
                        && !(stumbles && status == INTERNAL_ERROR));
    }

    /** No answer came from there. */
    public void failed(Origin from, RegistryException failure) {
        if (from.equals(home)) {
            breaker.failed(failure);
        }
    }
}
