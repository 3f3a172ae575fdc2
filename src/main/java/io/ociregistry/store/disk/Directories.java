package io.ociregistry.store.disk;

import io.ociregistry.common.FileErrors;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lists the files of a store. */
public final class Directories {
    private static final Logger LOG = LoggerFactory.getLogger(Directories.class);

    private Directories() {}

    /** Returns the size of a file in bytes; 0 if it does not exist. */
    public static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * Checks that a directory can be read, or does not exist.
     *
     * @throws IOException if it can't be read; the message names the directory, and says why
     */
    static void checkReadable(Layout layout, Path directory) throws IOException {
        try (var opened = Files.newDirectoryStream(directory)) {
            LOG.trace("{} can be read: {}", directory, opened);
        } catch (NoSuchFileException none) {
            // A missing directory counts as empty.
        } catch (AccessDeniedException e) {
            throw new IOException(
                    directory + " can't be read: " + layout.unreadable().why(directory), e);
        } catch (IOException e) {
            throw unreadable(directory, e);
        }
    }

    private static IOException unreadable(Path directory, IOException e) {
        return new IOException(directory + " can't be read: " + FileErrors.reason(e), e);
    }

    /** Lists the files of a directory; none if it does not exist. A read failure is logged and ends the list. */
    public static List<Path> list(Layout layout, Path directory, DirectoryStream.Filter<Path> filter) {
        List<Path> files = new ArrayList<>();
        list(layout, directory, filter, files::add);
        return files;
    }

    /**
     * Passes the files of a directory to an action. A read failure is logged.
     *
     * @return false if the directory could not be read completely; true also if it does not exist
     */
    public static boolean list(
            Layout layout, Path directory, DirectoryStream.Filter<Path> filter, Consumer<Path> action) {
        try (var stream = Files.newDirectoryStream(directory, filter)) {
            stream.forEach(action);
        } catch (NoSuchFileException none) {
            return true;
        } catch (DirectoryIteratorException e) {
            LOG.error(
                    "{}",
                    unreadable(directory, Objects.requireNonNull(e.getCause())).getMessage());
            return false;
        } catch (AccessDeniedException e) {
            layout.unreadable().add(directory);
            return false;
        } catch (IOException e) {
            LOG.error("{}", unreadable(directory, e).getMessage());
            return false;
        }
        return true;
    }
}
