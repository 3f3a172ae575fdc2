package io.ociregistry.logging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The journal of systemd, as the receiver of standard error. A line for the journal starts with its priority, as in
 * sd-daemon(3), and has no time, because the journal records both.
 */
public enum Journal {
    ERROR(3),
    WARNING(4),
    INFO(6),
    DEBUG(7);

    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");
    private static final boolean IS_STANDARD_ERROR =
            isJournal(STANDARD_ERROR, System.getenv().get("JOURNAL_STREAM"));

    private final String prefix;

    Journal(int priority) {
        this.prefix = "<" + priority + ">";
    }

    /** Returns text for standard error: with this priority on each line if the journal receives it. */
    public String mark(String text) {
        return IS_STANDARD_ERROR ? prefixed(text) : text;
    }

    /** Returns text with this priority on each line. */
    String prefixed(String text) {
        return prefix + text.stripTrailing().replace("\n", "\n" + prefix) + trailing(text);
    }

    private static String trailing(String text) {
        return text.substring(text.stripTrailing().length());
    }

    static boolean isStandardError() {
        return IS_STANDARD_ERROR;
    }

    /**
     * Returns true if a descriptor is the stream that systemd connected to the journal. A shell that a service starts
     * inherits the variable too, but may redirect its output.
     *
     * @param stream the device and the inode of the stream, from {@code JOURNAL_STREAM}
     */
    static boolean isJournal(Path descriptor, @Nullable String stream) {
        try {
            return stream != null
                    && stream.equals(Files.getAttribute(descriptor, "unix:dev") + ":"
                            + Files.getAttribute(descriptor, "unix:ino"));
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return false;
        }
    }
}
