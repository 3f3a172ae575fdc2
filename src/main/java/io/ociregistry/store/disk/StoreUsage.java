package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a store takes of its disk, which is that of its blobs if it has several, in bytes.
 *
 * @param used by what is in the cache, and by what is arriving or was interrupted
 * @param free as far as this process may use it
 * @param total of the whole disk
 */
public record StoreUsage(long used, long free, long total) {
    /**
     * Looks at every file.
     *
     * @throws IOException if the disk can't be asked
     */
    static StoreUsage of(Layout layout) throws IOException {
        // Nearly all bytes are those of blobs, which may have a disk of their own.
        FileStore disk = Files.getFileStore(Files.isDirectory(layout.blobs()) ? layout.blobs() : layout.root());
        long used = layout.directories().stream()
                .mapToLong(directory -> size(layout, directory))
                .sum();
        return new StoreUsage(used, disk.getUsableSpace(), disk.getTotalSpace());
    }

    private static long size(Layout layout, Path directory) {
        List<Path> files = Directories.list(layout, directory, Files::isRegularFile);
        return files.stream().mapToLong(StoreUsage::sizeOfFile).sum();
    }

    private static long sizeOfFile(Path file) {
        try {
            return Files.size(file);
        } catch (IOException gone) {
            return 0;
        }
    }
}
