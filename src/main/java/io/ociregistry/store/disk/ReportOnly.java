package io.ociregistry.store.disk;

import io.ociregistry.common.FileOwner;
import io.ociregistry.store.CorruptFile;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Reports corrupt records and leaves them in place.
 *
 * @param told receives each corrupt record
 * @param young is called for each corrupt record that was modified in the last minute, and may be incomplete
 */
public record ReportOnly(Consumer<CorruptFile> told, Runnable young) implements CorruptFileHandler {
    @Override
    public boolean has(Path file) {
        return false;
    }

    @Override
    public void take(Path file, String fileStamp, String reason) {
        if (!ExternalFiles.isSettled(file)) {
            young.run();
        } else {
            Layout.recordDigest(file)
                    .ifPresent(digest -> told.accept(new CorruptFile(file, digest, fileStamp, reason)));
        }
    }

    @Override
    public void leaveOut(Path file, String fileStamp, String reason) {
        take(file, fileStamp, reason);
    }

    /** Does not report files that this process may not read: the inspector reports them. */
    @Override
    public void unreadable(Path file, IOException cause) {
        if (!(cause instanceof ClosedByInterruptException || FileOwner.isDenied(file))) {
            take(file, "unreadable", "it can't be read: " + WriteFailureLog.reason(cause));
        }
    }
}
