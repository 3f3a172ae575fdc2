package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The disk usage of a store in bytes. If the store has several disks, free and total are those of the blobs.
 *
 * @param used size of all files in the directories of the store, including partial files
 * @param free space that this process may use
 * @param total size of the whole disk
 */
public record StoreUsage(long used, long free, long total) {
    /**
     * Reads the size of every file.
     *
     * @throws IOException if the file system does not report its size
     */
    static StoreUsage of(Layout layout) throws IOException {
        // Blobs take nearly all of the space, and may be on a disk of their own.
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
