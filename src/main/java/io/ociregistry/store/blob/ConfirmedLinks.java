package io.ociregistry.store.blob;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ConfirmedLink;
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
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which repositories may show which blobs, since their upstream confirmed it.
 *
 * <p>One line each, only ever appended, and forced: where a blob is in the store and its link was lost, it would be shown to whoever names it
 * next. A line that can't be read costs one question to the upstream. A cache without that file was written by a program that kept no links.
 */
public final class ConfirmedLinks {
    private static final Logger LOG = LoggerFactory.getLogger(ConfirmedLinks.class);

    private final Layout layout;
    private final AppendOnlyFile lines;
    private final WriteFailureLog outage;
    /** What the file has to begin with, as long as the disk has not taken it; nothing is appended before. Guarded by "this". */
    private String beginning = "";

    /** The links of a layout. */
    public ConfirmedLinks(Layout layout) {
        this.layout = layout;
        this.lines = new AppendOnlyFile(layout, layout.confirmedLinks(), "confirmed links", true);
        this.outage = new WriteFailureLog("the first links in " + layout.confirmedLinks());
    }

    /** False if this cache never kept any. */
    public boolean areKept() {
        return Files.exists(layout.confirmedLinks());
    }

    /** Begins to keep them with those, all or none. What the disk does not take is tried again with every other. */
    public synchronized void begin(Collection<ConfirmedLink> links) {
        beginning = links.stream().map(link -> link + "\n").collect(Collectors.joining("", "\n", ""));
        save();
    }

    /** Tells all of them. */
    public void forEach(Consumer<ConfirmedLink> action) {
        Map<String, Repository> known = new HashMap<>();
        lines.forEach(line -> read(line, known, action));
    }

    /** Notes one; not while what they begin with can't be written, since then a blob can't either. */
    public synchronized void add(ConfirmedLink link) {
        if (hasBegun()) {
            lines.add(link.toString());
        }
    }

    /** Forgets all others, of which the file is rid then too. */
    public synchronized void retain(Predicate<ConfirmedLink> wanted) {
        if (!hasBegun() || !areKept()) {
            return;
        }
        Set<String> kept = new LinkedHashSet<>();
        boolean[] gone = new boolean[1];
        forEach(link -> {
            boolean wants = wanted.test(link);
            gone[0] |= !wants;
            if (wants) {
                kept.add(link.toString());
            }
        });
        if (gone[0]) {
            lines.replace(List.copyOf(kept));
        }
    }

    /** Tries again to write what the disk did not take. */
    public synchronized void save() {
        if (hasBegun()) {
            lines.save();
        }
    }

    private boolean hasBegun() {
        if (beginning.isEmpty()) {
            return true;
        }
        if (!layout.isWritable()) {
            return false;
        }
        try {
            layout.prepare(layout.lists());
            DurableFiles.write(layout, layout.confirmedLinks(), beginning.getBytes(StandardCharsets.UTF_8));
            beginning = "";
            outage.over();
            return true;
        } catch (IOException e) {
            outage.failed(e);
            return false;
        }
    }

    private static void read(String line, Map<String, Repository> known, Consumer<ConfirmedLink> action) {
        ConfirmedLink link;
        try {
            link = ConfirmedLink.parse(line, known);
        } catch (RegistryException | IndexOutOfBoundsException torn) {
            LOG.warn("leaving out a line of confirmed links that is torn, {} characters", line.length());
            return;
        }
        action.accept(link);
    }
}
