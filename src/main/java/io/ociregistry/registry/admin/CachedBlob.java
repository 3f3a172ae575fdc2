package io.ociregistry.registry.admin;

/**
 * One blob in the cache.
 *
 * @param references how many of the manifests here consist of it among others; 0 if none does
 */
public record CachedBlob(String digest, int references, long size) {}
