package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.nio.file.Path;

/**
 * A file of the store that is not what its name says.
 *
 * @param digest what its name says
 * @param look how it looked when it was read; one that looks otherwise now is another file
 * @param problem how that shows
 */
public record CorruptFile(Path file, Digest digest, String look, String problem) {
    @Override
    public String toString() {
        return file + ": " + problem;
    }
}
