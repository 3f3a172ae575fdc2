package io.ociregistry.common;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if a file that the configuration names can't be used.
 *
 * <p>The message names the key and the file, says why, and does not quote the content. The exception has no stack
 * trace, because its cause is a mistake in the configuration and not in the code.
 */
public final class UnusableFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param key the key of the configuration that names the file
     * @param why the reason, as a sentence in which the file is "it"
     */
    public UnusableFileException(String key, Path file, @Nullable String why) {
        super(key + " " + file + " can't be used: " + why, null, false, false);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
