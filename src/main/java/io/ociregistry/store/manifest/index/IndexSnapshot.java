package io.ociregistry.store.manifest.index;

import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.Layout;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The summaries of all records in one file, which is read much faster than the records.
 *
 * <p>The snapshot is disposable: each line has a checksum and the stamp of the record's files. A line that is
 * malformed, outdated or of another version is ignored, and its record is read. Lines are appended; later lines win.
 * Not thread-safe.
 */
final class IndexSnapshot {
    private static final Logger LOG = LoggerFactory.getLogger(IndexSnapshot.class);
    /** Longest average line. An index of hundreds of images has no longer line, so a larger file is not a snapshot. */
    private static final long LINE_BYTES = 64L << 10;

    private static final int OUTDATED_LINES = 1000;

    private final Layout layout;
    private final Path file;
    private int lines;

    IndexSnapshot(Layout layout) {
        this.layout = layout;
        this.file = layout.indexSnapshot();
    }

    /** Passes all valid lines to an action, oldest first; none if the file is too large for that many records. */
    void forEach(int records, Consumer<SummaryLine> action) {
        lines = 0;
        if (layout.unreadable().reasonIfUnreadable(file).isPresent()) {
            return;
        }
        try {
            if (Files.size(file) > (2L * records + OUTDATED_LINES) * LINE_BYTES) {
                return;
            }
            try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                    lines++;
                    SummaryLine.parse(line).ifPresent(action);
                }
            }
        } catch (NoSuchFileException none) {
            LOG.debug("{} does not exist yet", file);
        } catch (IOException e) {
            LOG.warn("reading {} failed, so the manifest records are read: {}", file, e.toString());
        }
    }

    /** Returns true if most lines are outdated for that many records. */
    boolean isOutdated(int records) {
        return lines > 2 * records + OUTDATED_LINES;
    }

    /** Appends lines. They are not forced to disk: a line that a crash leaves incomplete has a wrong checksum. */
    void append(Collection<SummaryLine> added) throws IOException {
        try (FileChannel channel = layout.open(file, StandardOpenOption.APPEND);
                BufferedWriter writer = writer(channel)) {
            // Ends a line that a crash left incomplete.
            writer.write('\n');
            for (SummaryLine line : added) {
                writer.write(line + "\n");
            }
        }
        lines += added.size() + 1;
    }

    /** Rewrites the file with the lines that are still needed. */
    void compact(int records, Predicate<SummaryLine> needed) throws IOException {
        layout.ensureDirectory(layout.partials());
        Path temporary = layout.partials().resolve(file.getFileName() + DurableFiles.TEMPORARY);
        int[] written = new int[1];
        try {
            try (FileChannel channel = layout.open(temporary, StandardOpenOption.TRUNCATE_EXISTING);
                    BufferedWriter writer = writer(channel)) {
                forEach(records, line -> {
                    if (needed.test(line)) {
                        write(writer, line);
                        written[0]++;
                    }
                });
                writer.flush();
                channel.force(true);
            }
            DurableFiles.publish(layout, temporary, file);
        } finally {
            Files.deleteIfExists(temporary);
        }
        lines = written[0];
    }

    private static BufferedWriter writer(FileChannel channel) {
        return new BufferedWriter(Channels.newWriter(channel, StandardCharsets.ISO_8859_1));
    }

    private static void write(BufferedWriter writer, SummaryLine line) {
        try {
            writer.write(line + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
