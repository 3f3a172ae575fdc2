package io.ociregistry.upstream;

/**
 * Requests that registries limit apart from each other: Docker Hub counts GETs of manifests, but neither HEADs nor blobs, and its token service
 * has limits of its own.
 */
public enum RequestKind {
    /** GET of a manifest. */
    MANIFEST,
    /** GET of a blob, from the registry or from where it keeps its blobs. */
    BLOB,
    /** GET of a token. */
    TOKEN,
    /** GET of a list of referrers, for which many registries have no API yet, and some one that fails. */
    REFERRERS,
    /** HEAD, and whatever else is small. */
    OTHER,
    /**
     * HEAD of a manifest to revalidate a cached tag. It is sent and limited as {@link #OTHER}, and also limited while
     * an upstream says that no requests remain, because the cached tag can be served without.
     */
    REVALIDATION
}
