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

/** The files of an archive, by their path in it. Nothing is ever unpacked. */
sealed interface ArchiveFiles permits TarFiles, DirectoryFiles {
    /** Takes the content of one file; what it leaves of it is skipped. */
    interface Taker {
        /**
         * Reads the content.
         *
         * @throws IOException if what becomes of it fails, or as an {@link ArchiveException} from the stream
         */
        void take(String name, InputStream content) throws IOException;
    }

    /** Opens a directory, or a tar, compressed or not. */
    static ArchiveFiles open(Path path) throws ArchiveException {
        return Files.isDirectory(path) ? new DirectoryFiles(path) : TarFiles.open(path);
    }

    /** What was opened. */
    Path path();

    /** How long a file is; empty if there is none. */
    OptionalLong size(String name);

    /** The name of the file that a name is, or links to. */
    String real(String name);

    /**
     * Reads files, by their {@link #real} names, in whatever order costs least. Those that are not there are left out.
     *
     * @throws ArchiveException if the archive fails
     * @throws IOException what {@code taker} throws
     */
    void read(Collection<String> names, Taker taker) throws IOException;

    default boolean has(String name) {
        return size(name).isPresent();
    }

    /**
     * The whole content of small files.
     *
     * @throws ArchiveException if one is not there, or is longer than {@code most}
     */
    default Map<String, byte[]> readWhole(Collection<String> names, long most) throws ArchiveException {
        Map<String, String> real = new HashMap<>();
        for (String name : names) {
            real.put(real(name), name);
            long size = size(name).orElseThrow(() -> new ArchiveException(path(), name, "it is missing"));
            if (size > most) {
                throw new ArchiveException(
                        path(), name, "it has " + size + " bytes, where " + most + " are the most that is taken");
            }
        }
        Map<String, byte[]> read = new HashMap<>();
        try {
            read(real.keySet(), (name, content) -> read.put(real.getOrDefault(name, name), content.readAllBytes()));
        } catch (ArchiveException e) {
            throw e;
        } catch (IOException e) {
            throw new ArchiveException(path(), "it can't be read: " + e.getMessage());
        }
        return read;
    }

    default byte[] readWhole(String name, long most) throws ArchiveException {
        byte[] content = readWhole(List.of(name), most).get(name);
        if (content == null) {
            throw new ArchiveException(path(), name, "it is not there any more");
        }
        return content;
    }
}
