package io.ociregistry.upstream;

import io.ociregistry.oci.RegistryException;
import org.apache.hc.core5.http.HttpResponse;

/** What the requests to an upstream told of it so far: whether it is down, and what it limits. */
record Health(Origin home, Breaker breaker, RateLimits limits) {
    /**
     * Does nothing unless a request of that kind is known to be of no use now.
     *
     * @throws RegistryException what it would come to, with a time to retry
     */
    void check(RequestKind kind) {
        breaker.check();
        limits.check(kind);
    }

    /** An answer came, from the registry or from where it sent us. What others do says nothing about whether the registry is up. */
    void answered(RequestKind kind, Origin from, HttpResponse answer) {
        limits.answered(kind, answer);
        if (from.equals(home)) {
            breaker.answered(answer.getCode());
        }
    }

    /** No answer came from there. */
    void failed(Origin from, RegistryException failure) {
        if (from.equals(home)) {
            breaker.failed(failure);
        }
    }
}
