package io.ociregistry.store.disk;

import io.ociregistry.store.StoreStatus;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** Measures the disk usage of a store. */
final class StoreUsage {
    private StoreUsage() {}

    /**
     * Reads the size of every file.
     *
     * @throws IOException if the file system does not report its size
     */
    static StoreStatus.Usage of(Layout layout) throws IOException {
        // Blobs take nearly all of the space, and may be on a disk of their own.
        FileStore disk = Files.getFileStore(Files.isDirectory(layout.blobs()) ? layout.blobs() : layout.root());
        long used = layout.directories().stream()
                .mapToLong(directory -> size(layout, directory))
                .sum();
        return new StoreStatus.Usage(used, disk.getUsableSpace(), disk.getTotalSpace());
    }

    private static long size(Layout layout, Path directory) {
        return Directories.list(layout, directory, Files::isRegularFile).stream()
                .mapToLong(Directories::size)
                .sum();
    }
}
