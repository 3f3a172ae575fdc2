package io.ociregistry.registry.load;

import io.ociregistry.store.BlobSource;
import java.util.HashMap;
import java.util.Map;

/** The progress of one image of a load. Calls its listener sequentially. Thread-safe. */
public final class LoadProgress {
    private final String image;
    private final LoadListener listener;

    // Guarded by this.
    private final Map<LoadFetch.Transfer, BlobSource> transfers = new HashMap<>();
    private boolean started;
    private boolean ended;
    private long stored;
    private long received;
    private long total;
    private long reported;

    public LoadProgress(String image, LoadListener listener) {
        this.image = image;
        this.listener = listener;
    }

    String image() {
        return image;
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

    /** Adds bytes of an expected blob that were stored before this load. */
    public synchronized void addStored(long size) {
        stored += Math.max(0, size);
    }

    /** Adds bytes of an expected blob that this load received and stored. */
    public synchronized void addReceived(long size) {
        received += Math.max(0, size);
    }

    /** Counts the bytes of a transfer in flight, until {@link #transferEnded}. */
    synchronized void transferStarted(LoadFetch.Transfer transfer, BlobSource download) {
        transfers.put(transfer, download);
    }

    synchronized void transferEnded(LoadFetch.Transfer transfer) {
        transfers.remove(transfer);
    }

    public synchronized void report() {
        long bytes = stored + received;
        long receivedNow = received;
        for (Map.Entry<LoadFetch.Transfer, BlobSource> transfer : transfers.entrySet()) {
            long available = transfer.getValue().available();
            bytes += available;
            receivedNow += Math.max(0, available - transfer.getKey().resumed(transfer.getValue()));
        }
        if (started && !ended && bytes != reported) {
            reported = bytes;
            listener.progressed(image, bytes, receivedNow, total);
        }
    }

    public synchronized void end(LoadOutcome outcome) {
        ended = true;
        listener.ended(outcome);
    }
}
