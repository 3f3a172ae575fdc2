package io.ociregistry.metrics;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;

/**
 * How the content of an answer was obtained. {@link HttpMetrics} has one instance for each combination, so that an
 * answer allocates none. Thread-safe.
 */
public final class Served {
    /** The place from which the bytes of a body come. */
    public enum Source {
        /** From the store. */
        CACHE,
        /** From an upstream, while they are stored. */
        ARRIVING,
        /** From an upstream, without being stored. */
        PASSED
    }

    private final CacheResult result;
    private final Source source;
    private final CounterDataPoint bytes;

    Served(CacheResult result, Source source, CounterDataPoint bytes) {
        this.result = result;
        this.source = source;
        this.bytes = bytes;
    }

    public CacheResult result() {
        return result;
    }

    public Source source() {
        return source;
    }

    /** Counts bytes of the body that were sent. */
    public void sent(long count) {
        bytes.inc(count);
    }
}
