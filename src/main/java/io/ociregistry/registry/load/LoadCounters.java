package io.ociregistry.registry.load;

import io.ociregistry.registry.load.LoadOutcome.AlreadyThere;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Passes on what happens, and counts it. */
final class LoadCounters implements LoadListener {
    private final LoadListener listener;
    private final long begun = System.nanoTime();

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
        if (outcome instanceof Loaded one) {
            loaded++;
            bytes += one.bytes();
        } else if (outcome instanceof AlreadyThere) {
            alreadyThere++;
        } else if (outcome instanceof Failed one) {
            failed.add(one);
        }
    }

    LoadSummary summary() {
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        synchronized (this) {
            return new LoadSummary(loaded, alreadyThere, failed, notes, bytes, took);
        }
    }
}
