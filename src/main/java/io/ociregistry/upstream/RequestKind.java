package io.ociregistry.upstream;

/**
 * Kinds of requests that registries limit separately.
 *
 * <p>Docker Hub counts GETs of manifests, but neither HEADs nor blobs, and its token service has limits of its own.
 */
public enum RequestKind {
    /** GET of a manifest. */
    MANIFEST,
    /** GET of a blob, from the registry or from the storage to which it redirects. */
    BLOB,
    /** GET of a token. */
    TOKEN,
    /** GET of a list of referrers. Many registries have no such API yet, and the API of some fails. */
    REFERRERS,
    /** HEAD and all other small requests. */
    OTHER,
    /**
     * HEAD of a manifest to revalidate a cached tag. It is sent and limited as {@link #OTHER}, and also limited while
     * an upstream says that no requests remain, because the cached tag can be served without.
     */
    REVALIDATION
}
