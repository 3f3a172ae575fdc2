package io.ociregistry.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** The files of an archive by their path in it. Never unpacks a file to disk (ADR 24). */
sealed interface ArchiveFiles permits TarFiles, DirectoryFiles {
    /** Receives the content of one file. The content that it does not read is skipped. */
    interface ContentConsumer {
        /**
         * Reads the content.
         *
         * @throws IOException if processing fails; an {@link ArchiveException} if the stream fails
         */
        void accept(String name, InputStream content) throws IOException;
    }

    /** Opens a directory or a tar file, which may be compressed. */
    static ArchiveFiles open(Path path) throws ArchiveException {
        return Files.isDirectory(path) ? new DirectoryFiles(path) : TarFiles.open(path);
    }

    /** Returns the directory or tar file. */
    Path path();

    /** Returns the size of a file; empty if it does not exist. */
    OptionalLong size(String name);

    /** Returns the name of the file to which a name leads after all links. */
    String resolveLinks(String name);

    /**
     * Reads files by their {@link #resolveLinks} names, in the cheapest order. Skips files that do not exist.
     *
     * @throws ArchiveException if the archive cannot be read
     * @throws IOException thrown by {@code taker}
     */
    void read(Collection<String> names, ContentConsumer taker) throws IOException;

    default boolean has(String name) {
        return size(name).isPresent();
    }

    /**
     * Returns the whole content of small files.
     *
     * @throws ArchiveException if a file does not exist or is larger than {@code limit}
     */
    default Map<String, byte[]> readFully(Collection<String> names, long limit) throws ArchiveException {
        Map<String, String> real = new HashMap<>();
        for (String name : names) {
            real.put(resolveLinks(name), name);
            long size = size(name).orElseThrow(() -> new ArchiveException(path(), name, "it is missing"));
            if (size > limit) {
                throw new ArchiveException(path(), name, "it has " + size + " bytes, more than the limit of " + limit);
            }
        }
        Map<String, byte[]> read = new HashMap<>();
        try {
            read(real.keySet(), (name, content) -> read.put(real.getOrDefault(name, name), content.readAllBytes()));
        } catch (ArchiveException e) {
            throw e;
        } catch (IOException e) {
            throw new ArchiveException(path(), "it cannot be read: " + e.getMessage());
        }
        return read;
    }

    default byte[] readFully(String name, long limit) throws ArchiveException {
        byte[] content = readFully(List.of(name), limit).get(name);
        if (content == null) {
            throw new ArchiveException(path(), name, "it was removed while the archive was being read");
        }
        return content;
    }
}
