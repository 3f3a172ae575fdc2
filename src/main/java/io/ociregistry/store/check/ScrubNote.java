package io.ociregistry.store.check;

import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.Layout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** When the last pass through the whole cache began that came to its end. Disposable: without it the next start begins another one. */
public final class ScrubNote {
    private static final Logger LOG = LoggerFactory.getLogger(ScrubNote.class);
    /** More than an instant takes. */
    private static final int MOST_BYTES = 64;

    private final Layout layout;

    public ScrubNote(Layout layout) {
        this.layout = layout;
    }

    /** Empty if there was none, or nothing that can be read tells of it. */
    public Optional<Instant> read() {
        Path file = layout.scrubbed();
        try (var content = Files.newInputStream(file)) {
            String text = new String(content.readNBytes(MOST_BYTES), StandardCharsets.ISO_8859_1);
            return Optional.of(Instant.parse(text.strip()));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException | DateTimeParseException e) {
            LOG.debug("{} tells nothing: {}", file, e.toString());
            return Optional.empty();
        }
    }

    /** Writes it down, as far as the disk takes it. */
    public void write(Instant begun) {
        try {
            DurableFiles.write(layout, layout.scrubbed(), (begun + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            LOG.debug("{} can't be written: {}", layout.scrubbed(), e.toString());
        }
    }
}
