package io.ociregistry.registry.load;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.BlobSource;
import java.util.HashMap;
import java.util.Map;

/** The progress of one image of a load. Calls its listener sequentially. Thread-safe. */
public final class LoadProgress {
    private final String image;
    private final LoadListener listener;

    // Guarded by this.
    private final Map<Digest, BlobSource> arriving = new HashMap<>();
    private boolean started;
    private boolean ended;
    private long stored;
    private long total;
    private long reported;

    public LoadProgress(String image, LoadListener listener) {
        this.image = image;
        this.listener = listener;
    }

    /** Content has to be fetched; the first call is reported to the listener. */
    public synchronized void start() {
        if (!started) {
            started = true;
            listener.started(image);
        }
    }

    /** Adds the size of a blob to the total; a negative size is unknown. */
    public synchronized void addExpected(long size) {
        total += Math.max(0, size);
    }

    /** Adds stored bytes of an expected blob. */
    public synchronized void addStored(long size) {
        stored += Math.max(0, size);
    }

    /** Counts the bytes of a download in flight, until it leaves. */
    synchronized void downloadStarted(BlobSource source) {
        arriving.put(source.digest(), source);
    }

    /** Stops to count a download. */
    synchronized void downloadEnded(BlobSource source) {
        arriving.remove(source.digest());
    }

    /** Reports the progress, if it changed. */
    public synchronized void report() {
        long bytes = stored;
        for (BlobSource source : arriving.values()) {
            bytes += source.available();
        }
        if (started && !ended && bytes != reported) {
            reported = bytes;
            listener.progressed(image, bytes, total);
        }
    }

    public synchronized void end(LoadOutcome outcome) {
        ended = true;
        listener.ended(outcome);
    }
}
