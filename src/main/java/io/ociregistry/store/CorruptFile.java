package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.nio.file.Path;

/**
 * A file of the store whose content does not have the digest in its name.
 *
 * @param digest the digest in the name of the file
 * @param fileStamp the file stamp when the file was read; if it differs now, the file was replaced
 * @param problem the reason, as a sentence in which the file is "it"
 */
public record CorruptFile(Path file, Digest digest, String fileStamp, String problem) {
    @Override
    public String toString() {
        return file + ": " + problem;
    }
}
