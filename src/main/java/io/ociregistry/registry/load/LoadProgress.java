package io.ociregistry.registry.load;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.BlobSource;
import java.util.HashMap;
import java.util.Map;

/** How far one image of a load is. Tells the listener, one call after the other. */
public final class LoadProgress {
    private final String image;
    private final LoadListener listener;

    // Guarded by this.
    private final Map<Digest, BlobSource> arriving = new HashMap<>();
    private boolean started;
    private boolean ended;
    private long here;
    private long total;
    private long told;

    public LoadProgress(String image, LoadListener listener) {
        this.image = image;
        this.listener = listener;
    }

    /** Something has to be fetched; the first time is told. */
    public synchronized void start() {
        if (!started) {
            started = true;
            listener.started(image);
        }
    }

    /** There is a blob more, of that many bytes. */
    public synchronized void expect(long size) {
        total += Math.max(0, size);
    }

    /** So many bytes of what is expected are here for good. */
    public synchronized void got(long size) {
        here += Math.max(0, size);
    }

    /** A blob is arriving. */
    synchronized void join(BlobSource source) {
        arriving.put(source.digest(), source);
    }

    /** It no longer is. */
    synchronized void leave(BlobSource source) {
        arriving.remove(source.digest());
    }

    /** Tells how far it is, if that is news. */
    public synchronized void tell() {
        long now = here;
        for (BlobSource source : arriving.values()) {
            now += source.available();
        }
        if (started && !ended && now != told) {
            told = now;
            listener.progressed(image, now, total);
        }
    }

    public synchronized void end(LoadOutcome outcome) {
        ended = true;
        listener.ended(outcome);
    }
}
