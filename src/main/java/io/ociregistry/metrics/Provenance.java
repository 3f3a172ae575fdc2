package io.ociregistry.metrics;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The part of the cache in an answer, for the access log and for metrics.
 *
 * @param source the name of the registry or the URL of the mirror that sent the content, {@link #CACHE}, or
 *     {@link #NONE}
 */
public record Provenance(Result result, String source) {
    public static final String CACHE = "cache";
    public static final String NONE = "-";

    /** The results of answers whose content no request of their own fetched, as labels. */
    static final Set<String> CACHED = Stream.of(Result.HIT, Result.REVALIDATED, Result.STALE, Result.JOINED)
            .map(Result::toString)
            .collect(Collectors.toUnmodifiableSet());

    public static final Provenance HIT = new Provenance(Result.HIT, CACHE);
    public static final Provenance REVALIDATED = new Provenance(Result.REVALIDATED, CACHE);
    public static final Provenance STALE = new Provenance(Result.STALE, CACHE);

    /** An unexpected failure of this server. */
    public static final Provenance INTERNAL = new Provenance(Result.REFUSED, NONE);

    /** The kinds of answers. The access log has their names in lower case. */
    public enum Result {
        /** Cached content, without a request to an upstream. */
        HIT,
        /** Cached content, after an upstream confirmed it. */
        REVALIDATED,
        /** Cached content that an upstream should have confirmed and did not. */
        STALE,
        /** Content or an error of an upstream. */
        MISS,
        /** Content from a request to an upstream that another client had started. */
        JOINED,
        /** The error of an earlier request, from the negative cache. */
        NEGATIVE,
        /** An error of this server, which sent no request to an upstream. */
        REFUSED;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Returns the provenance of content that an upstream sent. */
    public static Provenance miss(String source) {
        return new Provenance(Result.MISS, source);
    }

    /** Returns the provenance of an error. */
    public static Provenance of(RegistryException error) {
        if (error.isRemembered()) {
            return new Provenance(Result.NEGATIVE, CACHE);
        }
        boolean isAsked = error.sender().isPresent() || error.code() == ErrorCode.UPSTREAM_TIMEOUT;
        return new Provenance(
                isAsked ? Result.MISS : Result.REFUSED, error.sender().orElse(NONE));
    }

    /** Returns the provenance for a client that joined the request of another one. */
    public Provenance joined() {
        return result == Result.MISS ? new Provenance(Result.JOINED, source) : this;
    }

    /** Returns the provenance after an upstream was asked for a confirmation. */
    public Provenance confirmed() {
        return result == Result.HIT ? REVALIDATED : this;
    }
}
