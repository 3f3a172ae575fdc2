package io.ociregistry.testing;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A point at which a {@link FakeUpstream} waits until the test releases it. */
public final class Gate {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String place;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    Gate(String place) {
        this.place = place;
    }

    /** Waits until all bytes before the gate have been sent and a response waits at the gate. */
    public void awaitReached() {
        await(reached, PATIENCE, "nothing came to the gate " + place);
    }

    /** Returns true if a response has reached or passed the gate. */
    public boolean isReached() {
        return reached.getCount() == 0;
    }

    /** Opens the gate permanently. */
    public void release() {
        released.countDown();
    }

    void pass() throws InterruptedException {
        reached.countDown();
        released.await();
    }

    static void await(CountDownLatch latch, Duration patience, String otherwise) {
        try {
            if (!latch.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(otherwise + " within " + patience.toSeconds() + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting: " + otherwise, e);
        }
    }
}
