package io.ociregistry.store.disk;

import io.ociregistry.common.FileErrors;
import io.ociregistry.common.FileOwner;
import io.ociregistry.store.CorruptFile;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Reports corrupt records and leaves them in place.
 *
 * @param onCorrupt receives each corrupt record
 * @param onRecent is called for each corrupt record that was modified in the last minute, and may be incomplete
 */
public record ReportOnly(Consumer<CorruptFile> onCorrupt, Runnable onRecent) implements CorruptFileHandler {
    @Override
    public boolean isKnown(Path file) {
        return false;
    }

    @Override
    public void handleCorrupt(Path file, String fileStamp, String reason) {
        if (!ExternalFiles.isSettled(file)) {
            onRecent.run();
        } else {
            Layout.recordDigest(file)
                    .ifPresent(digest -> onCorrupt.accept(new CorruptFile(file.toString(), digest, fileStamp, reason)));
        }
    }

    @Override
    public void handleOversized(Path file, String fileStamp, String reason) {
        handleCorrupt(file, fileStamp, reason);
    }

    /** Does not report files that this process may not read: the inspector reports them. */
    @Override
    public void handleUnreadable(Path file, IOException cause) {
        if (!(cause instanceof ClosedByInterruptException || FileOwner.isDenied(file))) {
            handleCorrupt(file, "unreadable", "it can't be read: " + FileErrors.reason(cause));
        }
    }
}
