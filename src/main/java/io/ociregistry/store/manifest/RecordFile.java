package io.ociregistry.store.manifest;

import io.ociregistry.oci.Manifest;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.disk.VerifiedIndex;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What stands in a file that looked like that. */
public record RecordFile(ManifestRecord record, Path file, String look) {
    Manifest manifest() {
        return record.manifest();
    }

    boolean isStillThere() {
        try {
            return look.equals(VerifiedIndex.look(file));
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            // The disk tells nothing; what was read from it once was right.
            return true;
        }
    }
}
