package io.ociregistry.common;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file of the configuration that can't be used. The message names the key and the file, says why, and quotes nothing of what it holds.
 * There is no stack trace: operators cause it.
 */
public final class UnusableFileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * For one file.
     *
     * @param key the key of the configuration that names it
     * @param why what is wrong, as a sentence about "it"
     */
    public UnusableFileException(String key, Path file, @Nullable String why) {
        super(key + " " + file + " can't be used: " + why, null, false, false);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
