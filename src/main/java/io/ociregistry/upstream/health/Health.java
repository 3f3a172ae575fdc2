package io.ociregistry.upstream.health;

import io.ociregistry.metrics.RegistryMetrics;
import io.ociregistry.metrics.SourceMetrics;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.SourceState;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hc.core5.http.HttpResponse;

/**
 * The health of one upstream as its answers show it: down, silent, or limited. Thread-safe.
 *
 * @param source the address of the upstream; answers of other origins say nothing about its health
 * @param isCache true for a caching mirror: its errors and limits may be those of the registry behind it, while it can
 *     still serve other content
 * @param tolerates500 true for requests that a healthy registry may answer with 500
 */
public record Health(
        SourceAddress source,
        Breaker breaker,
        SilenceDetector silenceDetector,
        RateLimits limits,
        RequestOutcomes outcomes,
        SourceMetrics metrics,
        boolean isCache,
        boolean tolerates500) {
    private static final int INTERNAL_ERROR = 500;
    private static final int LOOP_DETECTED = 508;

    /** Creates the health of an upstream, which counts every 5xx. */
    public Health(
            SourceAddress source,
            Breaker breaker,
            SilenceDetector silence,
            RateLimits limits,
            RequestOutcomes outcomes,
            SourceMetrics metrics,
            boolean isCache) {
        this(source, breaker, silence, limits, outcomes, metrics, isCache, false);
    }

    /**
     * Returns the same health for requests of manifests by digest, which does not count 500.
     *
     * <p>Registries that run distribution 2.x answer 500 for the digest of a blob. Any client could open the breaker
     * with such requests, and so could images that share layers.
     */
    public Health forManifestsByDigest() {
        return new Health(source, breaker, silenceDetector, limits, outcomes, metrics, isCache, true);
    }

    /**
     * Throws if a request of that kind would fail now because the upstream is down or limits it.
     *
     * @throws RegistryException the expected failure, with the time after which to retry
     */
    public void check(RequestKind kind) {
        breaker.check();
        limits.check(kind);
    }

    /** Returns the known state; sends nothing. */
    public SourceState state() {
        Optional<RegistryException> refusal = Arrays.stream(RequestKind.values())
                .flatMap(kind -> refusal(kind).stream())
                .findFirst();
        return outcomes.state(source.origin().toString(), source.isMirror(), refusal, limits.remaining());
    }

    private Optional<RegistryException> refusal(RequestKind kind) {
        try {
            check(kind);
            return Optional.empty();
        } catch (RegistryException e) {
            return Optional.of(e);
        }
    }

    /** Starts the wait for an answer; empty for a request to another origin. The caller ends the wait. */
    public Optional<SilenceDetector.Wait> startWait(Origin to, Runnable cancel) {
        return to.equals(source.origin()) ? Optional.of(silenceDetector.startWait(cancel)) : Optional.empty();
    }

    /** Records an answer of the registry or of the target of its redirect, which only counts for rate limits. */
    public void recordAnswer(RequestKind kind, Origin from, HttpResponse answer) {
        if (!isCache) {
            limits.recordAnswer(kind, answer);
        }
        if (from.equals(source.origin())) {
            silenceDetector.recordSignOfLife();
        }
        if (from.equals(source.origin()) && isSignificant(kind, answer.getCode())) {
            breaker.recordAnswer(isCache ? 200 : answer.getCode());
        }
    }

    /** Records bytes of a body that an origin sent. */
    public void recordReceived(Origin from, long bytes) {
        silenceDetector.recordSignOfLife();
        if (bytes > 0) {
            metrics.counts().received(target(from), bytes);
        }
    }

    /** Returns whether an origin is the upstream, or a server to which it redirected. */
    public RegistryMetrics.To target(Origin origin) {
        return metrics.target(origin.equals(source.origin()));
    }

    /** A failing referrers API does not mean a failing registry, and an upstream that detected a loop works. */
    private boolean isSignificant(RequestKind kind, int status) {
        return status < 500
                || (kind != RequestKind.REFERRERS
                        && status != LOOP_DETECTED
                        && !(tolerates500 && status == INTERNAL_ERROR));
    }

    /** Records a request that got no answer from that origin. */
    public void recordFailure(Origin from, RegistryException failure) {
        if (from.equals(source.origin())) {
            breaker.recordFailure(failure);
        }
    }
}
