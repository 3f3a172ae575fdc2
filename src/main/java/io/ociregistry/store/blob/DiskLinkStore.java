package io.ociregistry.store.blob;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.LinkStore;
import io.ociregistry.store.disk.AppendOnlyFile;
import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.WriteFailureLog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The confirmed digest links: which repositories may show which blobs, because their upstream confirmed it (ADR 8).
 *
 * <p>Each link is a line that is appended and forced to disk: a stored blob whose links are lost can be shown by any
 * repository whose manifest names it. An unreadable line costs one request to the upstream. A cache without this file
 * was written by a program that has no confirmed links. Thread-safe.
 */
public final class DiskLinkStore implements LinkStore {
    private static final Logger LOG = LoggerFactory.getLogger(DiskLinkStore.class);

    private final Layout layout;
    private final AppendOnlyFile lines;
    private final WriteFailureLog writeFailures;
    /** Adding links shares it, so that concurrent callers share a write; replacing the file holds it alone. */
    private final ReadWriteLock replacing = new ReentrantReadWriteLock();
    /** The first content of the file while it is not on disk; nothing is appended before it. Guarded by "this". */
    private String initialContent = "";

    public DiskLinkStore(Layout layout) {
        this.layout = layout;
        this.lines = new AppendOnlyFile(layout, layout.confirmedLinks(), "confirmed links", true);
        this.writeFailures = new WriteFailureLog("the first links in " + layout.confirmedLinks());
    }

    @Override
    public boolean isCreated() {
        return Files.exists(layout.confirmedLinks());
    }

    @Override
    public void create(Collection<ConfirmedLink> links) {
        synchronized (this) {
            initialContent = links.stream().map(link -> link + "\n").collect(Collectors.joining("", "\n", ""));
        }
        save();
    }

    @Override
    public void forEach(Consumer<ConfirmedLink> action) {
        Map<String, Repository> known = new HashMap<>();
        lines.forEach(line -> read(line, known, action));
    }

    @Override
    public void add(ConfirmedLink link) {
        write(() -> lines.add(link.toString()));
    }

    private void write(Runnable action) {
        replacing.readLock().lock();
        try {
            if (isStarted()) {
                action.run();
            }
        } finally {
            replacing.readLock().unlock();
        }
    }

    @Override
    public void retain(Predicate<ConfirmedLink> wanted) {
        replacing.writeLock().lock();
        try {
            replaceUnlessWanted(wanted);
        } finally {
            replacing.writeLock().unlock();
        }
    }

    private void replaceUnlessWanted(Predicate<ConfirmedLink> wanted) {
        if (!isStarted() || !isCreated()) {
            return;
        }
        Set<String> retained = new LinkedHashSet<>();
        boolean[] isAnyUnwanted = new boolean[1];
        forEach(link -> {
            boolean isWanted = wanted.test(link);
            isAnyUnwanted[0] |= !isWanted;
            if (isWanted) {
                retained.add(link.toString());
            }
        });
        if (isAnyUnwanted[0]) {
            lines.replace(List.copyOf(retained));
        }
    }

    @Override
    public void save() {
        write(lines::flush);
    }

    private synchronized boolean isStarted() {
        if (initialContent.isEmpty()) {
            return true;
        }
        if (!layout.isWritable()) {
            return false;
        }
        try {
            layout.ensureDirectory(layout.lists());
            DurableFiles.write(layout, layout.confirmedLinks(), initialContent.getBytes(StandardCharsets.UTF_8));
            initialContent = "";
            writeFailures.recovered();
            return true;
        } catch (IOException e) {
            writeFailures.failed(e);
            return false;
        }
    }

    private static void read(String line, Map<String, Repository> known, Consumer<ConfirmedLink> action) {
        ConfirmedLink link;
        try {
            link = ConfirmedLink.parse(line, known);
        } catch (RegistryException | IndexOutOfBoundsException malformed) {
            LOG.warn("skipping a malformed line of confirmed links with {} characters", line.length());
            return;
        }
        action.accept(link);
    }
}
