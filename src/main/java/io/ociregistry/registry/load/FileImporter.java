package io.ociregistry.registry.load;

import io.ociregistry.registry.load.list.ImageFile;

/** Brings the images into the cache that a file holds: a tarball, compressed or not, or an OCI layout. */
@FunctionalInterface
public interface FileImporter {
    /**
     * Brings in all of them that the options want, and tells the listener of each, but not the end of the load. A file that can't be used is told
     * as one failed image that is called like the file. Never throws for what a file can cause; is interrupted to stop.
     */
    void load(ImageFile file, LoadOptions options, LoadListener listener) throws InterruptedException;
}
