package io.ociregistry.store.disk;

import io.ociregistry.common.FileOwner;
import io.ociregistry.store.CorruptFile;
import io.ociregistry.store.check.Inspector;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Tells of every bad record, and leaves it where it is.
 *
 * @param told of one
 * @param young of one that was written in the last minute, and may not be whole yet
 */
public record ReportOnly(Consumer<CorruptFile> told, Runnable young) implements CorruptFileHandler {
    @Override
    public boolean has(Path file) {
        return false;
    }

    @Override
    public void take(Path file, String look, String reason) {
        if (!ExternalFiles.isSettled(file)) {
            young.run();
        } else {
            Layout.recordDigest(file).ifPresent(digest -> told.accept(new CorruptFile(file, digest, look, reason)));
        }
    }

    @Override
    public void leaveOut(Path file, String look, String reason) {
        take(file, look, reason);
    }

    /** Those that this process may not read are told of by {@link Inspector#unreadable}. */
    @Override
    public void unreadable(Path file, IOException why) {
        if (!(why instanceof ClosedByInterruptException || FileOwner.isDenied(file))) {
            take(file, "unreadable", "it can't be read: " + WriteFailureLog.reason(why));
        }
    }
}
