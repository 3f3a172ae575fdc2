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
 * The files and directories of a store that are there and that this process may not read, as far as it came across
 * them. They are neither moved nor replaced: nothing is wrong with their content, and a {@code chown} makes them
 * readable.
 *
 * <p>Thread-safe. The log has one line when the first one is found and one when none is left, however many there are.
 */
public final class UnreadableFiles {
    private static final Logger LOG = LoggerFactory.getLogger(UnreadableFiles.class);
    private static final int REMEMBERED = 10_000;

    private final Path root;
    private final Set<Path> files = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean isTold = new AtomicBoolean();

    UnreadableFiles(Path root) {
        this.root = root;
    }

    /** Why a file can't be read; empty if it can, or is not there. Remembers it. */
    public Optional<String> check(Path file) {
        if (!FileOwner.isDenied(file)) {
            return Optional.empty();
        }
        found(file);
        return Optional.of(why(file));
    }

    /** Remembers a file that can't be read. */
    public void found(Path file) {
        if (files.size() < REMEMBERED) {
            files.add(file);
        }
    }

    /** Whose a file is, its mode, the user of this process, and the command that makes it readable. */
    String why(Path file) {
        return FileOwner.whyDenied(file, root);
    }

    /** How many files can't be read, and why the first one; empty if none is left of those that were found. */
    public Optional<String> summary() {
        files.removeIf(file -> !FileOwner.isDenied(file));
        return files.stream()
                .sorted()
                .findFirst()
                .map(first -> files.size() + (files.size() < REMEMBERED ? "" : " or more")
                        + " of the files and directories of the cache are cached but unreadable: " + why(first));
    }

    /** True if any is in one of these directories, or is one. */
    public boolean isAnyIn(Set<Path> directories) {
        return files.stream()
                .filter(file -> directories.contains(file) || directories.contains(file.getParent()))
                .anyMatch(FileOwner::isDenied);
    }

    /** Tells the log, once. To be called after files were read. */
    public void tell() {
        if (files.isEmpty() && !isTold.get()) {
            return;
        }
        Optional<String> summary = summary();
        if (summary.isPresent() && isTold.compareAndSet(false, true)) {
            LOG.error("{}. They stay as they are and are not served", summary.get());
        } else if (summary.isEmpty() && isTold.compareAndSet(true, false)) {
            LOG.error("all files of the cache {} are readable again", root);
        }
    }
}
