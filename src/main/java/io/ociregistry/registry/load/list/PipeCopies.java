package io.ociregistry.registry.load.list;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies pipes such as {@code <(command)} to temporary files, because a list or archive is read more than once. Closing
 * it deletes the copies. Not thread-safe.
 */
public final class PipeCopies implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PipeCopies.class);

    private final List<Path> copies = new ArrayList<>();

    /** Opens a file or directory, or the copy of a pipe; see {@link ImageFile#of(Path)}. */
    ImageFile open(Path path) throws IOException {
        boolean isPipe = !Files.isRegularFile(path) && !Files.isDirectory(path);
        return ImageFile.of(isPipe ? copy(path) : path, path.toString());
    }

    private Path copy(Path pipe) throws IOException {
        Path copy = Files.createTempFile("ociregistry-", ".tmp");
        copies.add(copy);
        // A signal ends the process without closing this.
        copy.toFile().deleteOnExit();
        try (var in = Files.newInputStream(pipe)) {
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            return copy;
        } catch (IOException e) {
            throw new FileSystemException(
                    pipe.toString(),
                    null,
                    "it is a pipe, and copying it to " + copy + " failed: " + e.getMessage()
                            + "; write its content to a file and load the file");
        }
    }

    @Override
    public void close() {
        for (Path copy : copies) {
            try {
                Files.deleteIfExists(copy);
            } catch (IOException e) {
                LOG.debug("deleting the temporary file {} failed; the end of the process tries again", copy, e);
            }
        }
    }
}
