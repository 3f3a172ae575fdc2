package io.ociregistry.store.manifest;

import io.ociregistry.oci.Manifest;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.disk.VerifiedIndex;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A record that was read from a file or written to it.
 *
 * @param fileStamp the stamp of the file
 */
public record RecordFile(ManifestRecord record, Path file, String fileStamp) {
    Manifest manifest() {
        return record.manifest();
    }

    /** Returns false if the file was deleted or changed; true if the disk fails. */
    boolean isCurrent() {
        try {
            return fileStamp.equals(VerifiedIndex.fileStamp(file));
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            // A failing disk does not make wrong what was read before.
            return true;
        }
    }
}
