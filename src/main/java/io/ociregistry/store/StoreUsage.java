package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a store takes of its disk, in bytes.
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
        FileStore disk = Files.getFileStore(layout.root());
        Stream<Path> directories = Stream.concat(
                Stream.of(layout.blobs(), layout.partials(), layout.corrupt(), layout.lists()),
                Stream.of(Layout.Kind.values()).map(layout::record));
        long used = directories.mapToLong(StoreUsage::size).sum();
        return new StoreUsage(used, disk.getUsableSpace(), disk.getTotalSpace());
    }

    private static long size(Path directory) {
        List<Path> files = Directories.list(directory, Files::isRegularFile);
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
