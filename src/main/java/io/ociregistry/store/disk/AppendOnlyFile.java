package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A text file to which lines are appended.
 *
 * <p>A write failure is logged and fails no caller: up to 10,000 unwritten lines stay in memory, and are written with
 * the next line or by {@link #flush}; further lines are dropped. On a read-only layout all lines are dropped.
 * Thread-safe.
 */
public final class AppendOnlyFile {
    private static final Logger LOG = LoggerFactory.getLogger(AppendOnlyFile.class);
    private static final int MAX_UNWRITTEN = 10_000;

    private final Layout layout;
    private final Path file;
    private final boolean durable;
    private final WriteFailureLog failures;
    /** Guarded by "this". */
    private final List<String> unwritten = new ArrayList<>();

    /**
     * Opens a file; moves a directory or a broken link at its path to the quarantine.
     *
     * @param what the content of the lines, in the plural, for the log
     * @param durable whether a line is forced to disk before {@link #add} returns
     */
    public AppendOnlyFile(Layout layout, Path file, String what, boolean durable) {
        this.layout = layout;
        this.file = file;
        this.durable = durable;
        this.failures = new WriteFailureLog(what + " in " + file);
        new Quarantine(layout).clearPath(file);
    }

    /** Reads the lines, oldest first. A read failure is logged and ends the iteration. */
    public void forEach(Consumer<String> action) {
        if (!Files.exists(file) || layout.unreadable().reasonIfUnreadable(file).isPresent()) {
            return;
        }
        // ISO 8859-1 decodes every byte, so that garbage in one line does not end the iteration.
        try (var lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            lines.filter(line -> !line.isEmpty()).forEach(action);
        } catch (IOException | RuntimeException e) {
            LOG.warn("reading {} stopped before its end: {}; the lines before that are used", file, e.toString());
        }
    }

    public void add(String line) {
        addAll(List.of(line));
    }

    public synchronized void addAll(List<String> more) {
        for (String line : more) {
            if (unwritten.size() == MAX_UNWRITTEN) {
                flush();
            }
            if (unwritten.size() < MAX_UNWRITTEN && layout.isWritable()) {
                unwritten.add(line);
            }
        }
        flush();
    }

    /** Replaces the content of the file by these lines. If the write fails, the file stays as it is. */
    public synchronized void replace(List<String> lines) {
        try {
            byte[] text = String.join("\n", lines).concat("\n").getBytes(StandardCharsets.UTF_8);
            DurableFiles.write(layout, file, text);
            unwritten.clear();
            failures.recovered();
        } catch (IOException e) {
            failures.failed(e);
        }
    }

    /** Tries to write the unwritten lines. */
    public synchronized void flush() {
        if (unwritten.isEmpty()) {
            return;
        }
        try {
            layout.ensureDirectory(Objects.requireNonNull(file.getParent()));
            // Each line starts with a line feed of its own, so that a line that a crash or a full disk cut off is never
            // joined to the next one.
            String text = "\n" + String.join("\n\n", unwritten) + "\n";
            append(text.getBytes(StandardCharsets.UTF_8));
            unwritten.clear();
            failures.recovered();
        } catch (IOException e) {
            failures.failed(e);
        }
    }

    private void append(byte[] text) throws IOException {
        try (FileChannel channel = layout.open(file, StandardOpenOption.APPEND)) {
            Layout.write(channel, ByteBuffer.wrap(text));
            if (durable) {
                channel.force(false);
            }
        }
    }
}
