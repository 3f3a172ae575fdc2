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
 * A file of notes, one line each, only ever appended to, and forced where losing some would cost more than time. A disk that does not take
 * them fails nobody: what it did not take is kept, up to 10,000 lines, and tried again with the next one and by {@link #save}.
 */
public final class AppendOnlyFile {
    private static final Logger LOG = LoggerFactory.getLogger(AppendOnlyFile.class);
    private static final int WAITING = 10_000;

    private final Layout layout;
    private final Path file;
    private final boolean durable;
    private final WriteFailureLog outage;
    /** Guarded by "this". */
    private final List<String> waiting = new ArrayList<>();

    /**
     * The notes in a file of that layout.
     *
     * @param what their plural, for the log
     * @param durable whether each is on the disk before {@link #add} returns
     */
    public AppendOnlyFile(Layout layout, Path file, String what, boolean durable) {
        this.layout = layout;
        this.file = file;
        this.durable = durable;
        this.outage = new WriteFailureLog(what + " in " + file);
        new Quarantine(layout).makeWay(file);
    }

    /** Reads them, oldest first, as far as that is possible. */
    public void forEach(Consumer<String> action) {
        if (!Files.exists(file) || layout.unreadable().check(file).isPresent()) {
            return;
        }
        // A charset that has a character for every byte, so that garbage hides no more than its line.
        try (var lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
            lines.filter(line -> !line.isEmpty()).forEach(action);
        } catch (IOException | RuntimeException e) {
            LOG.warn("{} can't be read to its end: {}", file, e.toString());
        }
    }

    public void add(String line) {
        addAll(List.of(line));
    }

    public synchronized void addAll(List<String> more) {
        for (String line : more) {
            if (waiting.size() == WAITING) {
                save();
            }
            if (waiting.size() < WAITING && layout.isWritable()) {
                waiting.add(line);
            }
        }
        save();
    }

    /** Writes the file anew, with those lines alone. If the disk does not take that, it stays as it is. */
    public synchronized void replace(List<String> lines) {
        try {
            byte[] text = String.join("\n", lines).concat("\n").getBytes(StandardCharsets.UTF_8);
            DurableFiles.write(layout, file, text);
            waiting.clear();
            outage.over();
        } catch (IOException e) {
            outage.failed(e);
        }
    }

    /** Writes what the disk did not take before, if it takes it now. */
    public synchronized void save() {
        if (waiting.isEmpty()) {
            return;
        }
        try {
            layout.prepare(Objects.requireNonNull(file.getParent()));
            // Each begins with a line feed of its own, so that one that a crash or a full disk tore never runs into the
            // next.
            String text = "\n" + String.join("\n\n", waiting) + "\n";
            append(text.getBytes(StandardCharsets.UTF_8));
            waiting.clear();
            outage.over();
        } catch (IOException e) {
            outage.failed(e);
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
