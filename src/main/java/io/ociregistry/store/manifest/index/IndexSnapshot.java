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
 * What the records said when they were read last, in one file that is read much faster than they are. Disposable: each line says how its files
 * looked, and has a checksum, so whatever is torn, old or of another version is not believed, and costs the reading of a record.
 *
 * <p>Lines are appended; later ones win. Not safe for use by several threads.
 */
final class IndexSnapshot {
    private static final Logger LOG = LoggerFactory.getLogger(IndexSnapshot.class);
    /** An index of hundreds of images has no longer line; what is longer on the average was not written here. */
    private static final long LINE_BYTES = 64L << 10;

    private static final int OUTDATED_LINES = 1000;

    private final Layout layout;
    private final Path file;
    private int lines;

    IndexSnapshot(Layout layout) {
        this.layout = layout;
        this.file = layout.snapshot();
    }

    /** Tells all lines that can be read of a file about so many records, oldest first. */
    void forEach(int records, Consumer<SummaryLine> action) {
        lines = 0;
        if (layout.unreadable().check(file).isPresent()) {
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
            LOG.debug("there is no {} yet", file);
        } catch (IOException e) {
            LOG.warn("{} can't be read, so records are: {}", file, e.toString());
        }
    }

    /** True if more of it is outdated than not, where there are so many records. */
    boolean isOutdated(int records) {
        return lines > 2 * records + OUTDATED_LINES;
    }

    /** Adds lines. Nothing is forced: what a crash tears is not believed. */
    void append(Collection<SummaryLine> more) throws IOException {
        try (FileChannel channel = layout.open(file, StandardOpenOption.APPEND);
                BufferedWriter writer = writer(channel)) {
            // Ends what a crash tore.
            writer.write('\n');
            for (SummaryLine line : more) {
                writer.write(line + "\n");
            }
        }
        lines += more.size() + 1;
    }

    /** Writes it anew with those of its lines, and that is all. */
    void compact(int records, Predicate<SummaryLine> kept) throws IOException {
        layout.prepare(layout.partials());
        Path aside = layout.partials().resolve(file.getFileName() + DurableFiles.TEMPORARY);
        int[] left = new int[1];
        try {
            try (FileChannel channel = layout.open(aside, StandardOpenOption.TRUNCATE_EXISTING);
                    BufferedWriter writer = writer(channel)) {
                forEach(records, line -> {
                    if (kept.test(line)) {
                        write(writer, line);
                        left[0]++;
                    }
                });
                writer.flush();
                channel.force(true);
            }
            DurableFiles.publish(layout, aside, file);
        } finally {
            Files.deleteIfExists(aside);
        }
        lines = left[0];
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
