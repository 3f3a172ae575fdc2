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

/**
 * The file that says when the last complete scrub started.
 *
 * <p>The file is disposable: without it the server starts a scrub at its next start.
 */
public final class ScrubTimeFile {
    private static final Logger LOG = LoggerFactory.getLogger(ScrubTimeFile.class);
    /** More than the text of an instant has. */
    private static final int MAX_BYTES = 64;

    private final Layout layout;

    public ScrubTimeFile(Layout layout) {
        this.layout = layout;
    }

    /** Returns when the last complete scrub started; empty if there was none or the file can't be read. */
    public Optional<Instant> read() {
        Path file = layout.scrubTimeFile();
        try (var content = Files.newInputStream(file)) {
            String text = new String(content.readNBytes(MAX_BYTES), StandardCharsets.ISO_8859_1);
            return Optional.of(Instant.parse(text.strip()));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        } catch (IOException | DateTimeParseException e) {
            LOG.debug("reading the time of the last scrub from {} failed: {}", file, e.toString());
            return Optional.empty();
        }
    }

    /** Writes when a complete scrub started. A failure is only logged. */
    public void write(Instant started) {
        try {
            DurableFiles.write(layout, layout.scrubTimeFile(), (started + "\n").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            LOG.debug("writing the time of the last scrub to {} failed: {}", layout.scrubTimeFile(), e.toString());
        }
    }
}
