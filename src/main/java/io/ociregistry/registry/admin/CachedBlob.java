package io.ociregistry.registry.admin;

/**
 * A blob in the cache, as the admin API and the command {@code list} show it.
 *
 * @param references the number of cached manifests that name it
 */
public record CachedBlob(String digest, int references, long size) {}
