package io.ociregistry.metrics;

/** How the cache answered a request for content. */
public enum CacheResult {
    /** From the cache, without a request to an upstream or after the upstream confirmed it. */
    HIT,
    /** From the cache, because the upstream failed, is limited or is slow; the answer has a warning. */
    STALE,
    /** From a fetch that another request had started. */
    JOINED,
    /** From the upstream, or the upstream failed or does not have the content. */
    MISS,
    /** 404 from the negative cache, without a request to the upstream. */
    NEGATIVE,
    /** Refused for another reason than the state of the content, such as access, a rate limit or overload. */
    REFUSED
}
