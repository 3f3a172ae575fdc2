package io.ociregistry.registry.load;

/**
 * The progress of a preload.
 *
 * @param files the value of {@code preloadImages}
 * @param state {@code waiting} for a missing file, {@code loading}, {@code retrying} after a pause because images
 *     failed, or {@code ended}
 * @param total the number of images that the files name, as far as they were read
 * @param done the number of cached images
 * @param failed the number of images whose last attempt failed
 */
public record PreloadStatus(String files, String state, int total, int done, int failed) {}
