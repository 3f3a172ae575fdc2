package io.ociregistry.registry.policy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * What upstreams just answered that they do not have, so that clients that ask again and again do not make us ask again and again.
 *
 * <p>Seconds only, counted from the upstream's answer, since it may be pushed any moment. Only a definite no is remembered, never a refusal or
 * a failure. At most 10,000 keys.
 */
public final class NegativeCache<K> {
    private static final int LIMIT = 10_000;

    private final Ticker ticker;
    private volatile Cache<K, RegistryException> answers;

    /**
     * Nothing is known to be missing at first.
     *
     * @param time how long an answer counts; zero for not at all
     */
    public NegativeCache(Duration time, Ticker ticker) {
        this.ticker = ticker;
        this.answers = answers(time);
    }

    private Cache<K, RegistryException> answers(Duration time) {
        return Caffeine.newBuilder()
                .maximumSize(LIMIT)
                .expireAfterWrite(time)
                .ticker(ticker)
                .build();
    }

    /** Forgets everything: somebody else may be asked now. From now on an answer counts for so long. */
    public void begin(Duration time) {
        answers = answers(time);
    }

    /**
     * Does nothing unless that is known to be missing.
     *
     * @throws RegistryException what the upstream's answer was told as
     */
    public void check(K key) {
        RegistryException answer = answers.getIfPresent(key);
        if (answer != null) {
            throw answer;
        }
    }

    /** Does that work, and remembers if it turns out that this is missing. */
    public <V> V noting(K key, Supplier<V> work) {
        try {
            return work.get();
        } catch (RegistryException e) {
            if (isDefinite(e.code())) {
                answers.put(key, e);
            }
            throw e;
        }
    }

    private static boolean isDefinite(ErrorCode code) {
        return code == ErrorCode.MANIFEST_UNKNOWN || code == ErrorCode.BLOB_UNKNOWN || code == ErrorCode.NAME_UNKNOWN;
    }
}
