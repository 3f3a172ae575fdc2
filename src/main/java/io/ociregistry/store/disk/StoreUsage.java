package io.ociregistry.store.disk;

import io.ociregistry.store.StoreStatus;
import io.ociregistry.store.StoreStatus.Amount;
import io.ociregistry.store.StoreStatus.Content;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/** Measures the disk usage of a store. */
final class StoreUsage {
    private StoreUsage() {}

    /**
     * Reads the size of every file.
     *
     * @throws IOException if the file system does not report its size
     */
    static StoreStatus.Usage of(Layout layout) throws IOException {
        FileStore disk = disk(layout);
        long used = layout.directories().stream()
                .mapToLong(directory -> size(layout, directory))
                .sum();
        return new StoreStatus.Usage(used, disk.getUsableSpace(), disk.getTotalSpace());
    }

    /** Returns the disk of the blobs, which take nearly all of the space and may be on a disk of their own. */
    static FileStore disk(Layout layout) throws IOException {
        return Files.getFileStore(Files.isDirectory(layout.blobs()) ? layout.blobs() : layout.root());
    }

    static Map<Content, Amount> contents(Layout layout) {
        Map<Content, Amount> found = new EnumMap<>(Content.class);
        found.put(Content.BLOB, amount(layout, layout.blobs()));
        found.put(
                Content.MANIFEST,
                layout.recordDirectories().stream()
                        .map(directory -> amount(layout, directory))
                        .reduce(new Amount(0, 0), Amount::plus));
        found.put(Content.PARTIAL, amount(layout, layout.partials()));
        found.put(Content.QUARANTINE, amount(layout, layout.corrupt()));
        return found;
    }

    private static Amount amount(Layout layout, Path directory) {
        return Directories.list(layout, directory, Files::isRegularFile).stream()
                .map(file -> new Amount(1, Directories.size(file)))
                .reduce(new Amount(0, 0), Amount::plus);
    }

    private static long size(Layout layout, Path directory) {
        return Directories.list(layout, directory, Files::isRegularFile).stream()
                .mapToLong(Directories::size)
                .sum();
    }
}
