package io.ociregistry.registry.load;

import io.ociregistry.registry.load.list.ImageFile;

/** Imports the images of a file into the cache: a tarball, compressed or not, or an OCI layout. */
@FunctionalInterface
public interface FileImporter {
    /**
     * Imports all images that the options select, and reports each to the listener, but not the end of the load.
     *
     * <p>A file that can't be used is reported as one failed image with the name of the file. No content of a file
     * causes an exception.
     *
     * @throws InterruptedException if the calling thread is interrupted; then the import stops
     */
    void load(ImageFile file, LoadOptions options, LoadListener listener) throws InterruptedException;
}
