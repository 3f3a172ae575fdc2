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
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A text file to which lines are appended.
 *
 * <p>A write failure is logged and fails no caller: up to 10,000 unwritten lines stay in memory, and are written with
 * the next line or by {@link #flush}; further lines are dropped. On a read-only layout all lines are dropped.
 * Concurrent callers share a write and its force (ADR 40). Thread-safe.
 */
public final class AppendOnlyFile {
    private static final Logger LOG = LoggerFactory.getLogger(AppendOnlyFile.class);
    private static final int MAX_UNWRITTEN = 10_000;

    private final Layout layout;
    private final Path file;
    private final boolean durable;
    private final WriteFailureLog failures;
    private final GroupCommit writes = new GroupCommit(this::writeUnwritten);
    /** Guarded by itself. "this" is held while the file is written, and is locked before this list. */
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

    public void addAll(List<String> more) {
        for (String line : more) {
            if (layout.isWritable() && !tryAdd(line)) {
                flush();
                tryAdd(line);
            }
        }
        flush();
    }

    private boolean tryAdd(String line) {
        synchronized (unwritten) {
            return unwritten.size() < MAX_UNWRITTEN && unwritten.add(line);
        }
    }

    /** Replaces the content of the file by these lines. If the write fails, the file stays as it is. */
    public synchronized void replace(List<String> lines) {
        try {
            byte[] text = String.join("\n", lines).concat("\n").getBytes(StandardCharsets.UTF_8);
            DurableFiles.write(layout, file, text);
            synchronized (unwritten) {
                unwritten.clear();
            }
            failures.recovered();
        } catch (IOException e) {
            failures.failed(e);
        }
    }

    /** Tries to write the unwritten lines. */
    public void flush() {
        try {
            writes.await();
        } catch (IOException e) {
            failures.failed(e);
        }
    }

    private synchronized void writeUnwritten() throws IOException {
        List<String> written;
        synchronized (unwritten) {
            written = List.copyOf(unwritten);
        }
        if (written.isEmpty()) {
            return;
        }
        // Each line starts with a line feed of its own, so that a line that a crash or a full disk cut off is never
        // joined to the next one.
        String text = "\n" + String.join("\n\n", written) + "\n";
        append(text.getBytes(StandardCharsets.UTF_8));
        synchronized (unwritten) {
            unwritten.subList(0, written.size()).clear();
        }
        failures.recovered();
    }

    private void append(byte[] text) throws IOException {
        try (FileChannel channel = layout.openInDirectory(file, StandardOpenOption.APPEND)) {
            Layout.write(channel, ByteBuffer.wrap(text));
            if (durable) {
                channel.force(false);
            }
        }
    }
}
