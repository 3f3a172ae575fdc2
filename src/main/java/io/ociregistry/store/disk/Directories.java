package io.ociregistry.store.disk;

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

/** What lies in our directories. */
public final class Directories {
    private static final Logger LOG = LoggerFactory.getLogger(Directories.class);

    private Directories() {}

    /** Bytes of a file; 0 if it has just gone. */
    public static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /**
     * Looks whether a directory can be looked into, if it is there.
     *
     * @throws IOException if it can't be; the message names it, and says why
     */
    static void check(Layout layout, Path directory) throws IOException {
        try (var opened = Files.newDirectoryStream(directory)) {
            LOG.trace("{} can be read: {}", directory, opened);
        } catch (NoSuchFileException none) {
            // Then there is nothing in it.
        } catch (AccessDeniedException e) {
            throw new IOException(
                    directory + " can't be read: " + layout.unreadable().why(directory), e);
        } catch (IOException e) {
            throw unreadable(directory, e);
        }
    }

    private static IOException unreadable(Path directory, IOException e) {
        return new IOException(directory + " can't be read: " + WriteFailureLog.reason(e), e);
    }

    /** The files of a directory, as far as the disk tells them: a fault of it is told to the log alone. None if it is not there. */
    public static List<Path> list(Layout layout, Path directory, DirectoryStream.Filter<Path> filter) {
        List<Path> files = new ArrayList<>();
        list(layout, directory, filter, files::add);
        return files;
    }

    /** The same one by one; false if the disk did not tell all of them. */
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
            layout.unreadable().found(directory);
            return false;
        } catch (IOException e) {
            LOG.error("{}", unreadable(directory, e).getMessage());
            return false;
        }
        return true;
    }
}
