package io.ociregistry.testing;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A place where a {@link FakeUpstream} stops until the test lets it go on. */
public final class Gate {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String place;
    private final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    Gate(String place) {
        this.place = place;
    }

    /** Waits until everything before the gate has been sent and something stands at it. */
    public void awaitReached() {
        await(reached, PATIENCE, "nothing came to the gate " + place);
    }

    /** True if something has come to it, or passed it. */
    public boolean isReached() {
        return reached.getCount() == 0;
    }

    /** Opens it for good. */
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
