package io.ociregistry.store.disk;

import io.ociregistry.common.FileOwner;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files and directories of a store that this process may not read, of those that it tried to read.
 *
 * <p>They are neither moved nor replaced: their content may be right, and a {@code chown} makes them readable. At most
 * 10,000 are remembered. The log has one line when the first one is found, and one when all are readable again.
 * Thread-safe.
 */
public final class UnreadableFiles {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadableFiles.class);
    private static final int MAX_FILES = 10_000;

    private final Path root;
    private final Set<Path> files = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean isLogged = new AtomicBoolean();

    UnreadableFiles(Path root) {
        this.root = root;
    }

    /** Says why a file can't be read, and remembers the file; empty if it can be read, or does not exist. */
    public Optional<String> reasonIfUnreadable(Path file) {
        if (!FileOwner.isDenied(file)) {
            return Optional.empty();
        }
        add(file);
        return Optional.of(why(file));
    }

    /** Remembers a file that can't be read. */
    public void add(Path file) {
        if (files.size() < MAX_FILES) {
            files.add(file);
        }
    }

    /** Returns the owner and mode of a file, the user of this process, and the command that makes the file readable. */
    String why(Path file) {
        return FileOwner.whyDenied(file, root);
    }

    /** Says how many files can't be read, and why the first one can't; empty if all are readable again. */
    public Optional<String> summary() {
        files.removeIf(file -> !FileOwner.isDenied(file));
        return files.stream()
                .sorted()
                .findFirst()
                .map(first -> files.size() + (files.size() < MAX_FILES ? "" : " or more")
                        + " files or directories of the cache are cached but unreadable: " + why(first));
    }

    /** True if one of these directories, or a file in it, is unreadable. */
    public boolean isAnyIn(Set<Path> directories) {
        return files.stream()
                .filter(file -> directories.contains(file) || directories.contains(file.getParent()))
                .anyMatch(FileOwner::isDenied);
    }

    /** Logs the summary if the first unreadable file was found, or if the last one is readable again. */
    public void logChange() {
        if (files.isEmpty() && !isLogged.get()) {
            return;
        }
        Optional<String> summary = summary();
        if (summary.isPresent() && isLogged.compareAndSet(false, true)) {
            LOG.error("{}. They are not served, moved or replaced", summary.get());
        } else if (summary.isEmpty() && isLogged.compareAndSet(true, false)) {
            LOG.info("all files of the cache {} are readable again", root);
        }
    }
}
