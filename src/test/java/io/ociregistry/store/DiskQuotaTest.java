package io.ociregistry.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiskQuotaTest {
    private final DiskQuota quota = new DiskQuota(100, 90);
    private final List<String> calls = new ArrayList<>();
    private long freedByEviction;

    DiskQuotaTest() {
        quota.setEvictor(new DiskQuota.Evictor() {
            @Override
            public void evictNow() {
                calls.add("now");
                quota.freed(freedByEviction);
            }

            @Override
            public void evictSoon() {
                calls.add("soon");
            }
        });
    }

    @Test
    void reservationsTogetherNeverExceedTheQuota() {
        DiskQuota.Reservation first = quota.startReservation(0);
        DiskQuota.Reservation second = quota.startReservation(0);
        assertTrue(first.extend(60));
        assertFalse(second.extend(41));
        assertEquals(60, quota.used());
        assertTrue(second.extend(40));
        assertTrue(second.extend(30), "these are reserved already");
        first.release(10);
        assertEquals(50, quota.used());
        second.published(40);
        second.release(0);
        assertEquals(50, quota.used());
        assertEquals(0, quota.reserved());
    }

    @Test
    void reservationWaitsForEvictionIfItCanEverFit() {
        quota.setUsed(80);
        freedByEviction = 50;
        assertTrue(quota.startReservation(0).extend(60));
        assertEquals(List.of("now"), calls);
        assertFalse(quota.startReservation(0).extend(101));
        assertEquals(List.of("now"), calls);
    }

    @Test
    void evictionStartsAboveTheHighWaterMark() {
        DiskQuota.Reservation reservation = quota.startReservation(0);
        reservation.extend(91);
        assertEquals(List.of(), calls);
        reservation.published(91);
        reservation.release(0);
        assertEquals(List.of("soon"), calls);
    }

    @Test
    void refusedReservationIsRememberedUntilSpaceIsFreed() {
        quota.setUsed(85);
        assertTrue(quota.canStore(50), "no reservation was refused yet");
        assertFalse(quota.startReservation(0).extend(50));
        assertFalse(quota.canStore(50));
        assertTrue(quota.canStore(10));
        quota.freed(15);
        assertTrue(quota.canStore(50));
    }

    @Test
    void changedLimitsApplyToReservationsInFlight() {
        quota.setUsed(50);
        DiskQuota.Reservation reservation = quota.startReservation(0);
        assertTrue(reservation.extend(30));
        quota.setLimits(60, 55);
        assertEquals(List.of("soon"), calls);
        assertFalse(reservation.tryExtend(31));
        quota.setLimits(200, 180);
        assertTrue(reservation.tryExtend(140));
    }

    @Test
    void partialFileIsNotCountedTwice() {
        quota.setUsed(50);
        DiskQuota.Reservation reservation = quota.startReservation(50);
        assertEquals(50, quota.used());
        assertTrue(reservation.extend(100));
        reservation.release(70);
        assertEquals(70, quota.used());
    }
}
