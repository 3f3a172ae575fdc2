package io.ociregistry.registry.load;

import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Forwards the events of a load to a listener, and counts them. Thread-safe. */
final class LoadCounters implements LoadListener {
    private final LoadListener listener;
    private final long started = System.nanoTime();

    // Guarded by this.
    private final List<Failed> failed = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private int loaded;
    private int alreadyThere;
    private long bytes;

    LoadCounters(LoadListener listener) {
        this.listener = listener;
    }

    @Override
    public void started(String image) {
        listener.started(image);
    }

    @Override
    public void progressed(String image, long bytesHere, long total) {
        listener.progressed(image, bytesHere, total);
    }

    @Override
    public void ended(LoadOutcome outcome) {
        count(outcome);
        listener.ended(outcome);
    }

    @Override
    public void noted(String note) {
        synchronized (this) {
            notes.add(note);
        }
        listener.noted(note);
    }

    private synchronized void count(LoadOutcome outcome) {
        if (outcome instanceof Loaded success) {
            loaded++;
            bytes += success.bytes();
        } else if (outcome instanceof AlreadyCached) {
            alreadyThere++;
        } else if (outcome instanceof Failed failure) {
            failed.add(failure);
        }
    }

    LoadSummary summary() {
        Duration took = Duration.ofNanos(System.nanoTime() - started);
        synchronized (this) {
            return new LoadSummary(loaded, alreadyThere, failed, notes, bytes, took);
        }
    }
}
