package io.ociregistry.registry.policy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Remembers for a short time which content upstreams do not have, so that repeated requests do not reach them.
 *
 * <p>The time is {@code cache.negativeTtl}, counted from the upstream's answer; it is short because the content may be
 * pushed at any moment. Only answers that the manifest, blob or repository is unknown are stored, never a refusal or a
 * failure. Holds at most 10,000 keys. Thread-safe.
 */
public final class NegativeCache<K> {
    private static final int LIMIT = 10_000;

    private final Ticker ticker;
    private volatile Cache<K, RegistryException> answers;

    /** Creates an empty cache; a {@code ttl} of zero stores no answers. */
    public NegativeCache(Duration ttl, Ticker ticker) {
        this.ticker = ticker;
        this.answers = answers(ttl);
    }

    private Cache<K, RegistryException> answers(Duration ttl) {
        return Caffeine.newBuilder()
                .maximumSize(LIMIT)
                .expireAfterWrite(ttl)
                .ticker(ticker)
                .build();
    }

    /** Forgets all answers, because a reload may have changed the upstreams, and applies another time to live. */
    public void reset(Duration ttl) {
        answers = answers(ttl);
    }

    /**
     * Fails if a recent answer said that the content does not exist.
     *
     * @throws RegistryException the failure that this answer caused
     */
    public void check(K key) {
        RegistryException answer = answers.getIfPresent(key);
        if (answer != null) {
            throw answer.asRemembered();
        }
    }

    /** Runs work for a key, and stores its failure if it says that the content does not exist. */
    public <V> V recordMiss(K key, Supplier<V> work) {
        try {
            return work.get();
        } catch (RegistryException e) {
            if (isMiss(e.code())) {
                answers.put(key, e);
            }
            throw e;
        }
    }

    private static boolean isMiss(ErrorCode code) {
        return code == ErrorCode.MANIFEST_UNKNOWN || code == ErrorCode.BLOB_UNKNOWN || code == ErrorCode.NAME_UNKNOWN;
    }
}
