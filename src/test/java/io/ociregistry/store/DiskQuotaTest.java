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
        quota.relieveBy(new DiskQuota.Relief() {
            @Override
            public void now() {
                calls.add("now");
                quota.freed(freedByEviction);
            }

            @Override
            public void soon() {
                calls.add("soon");
            }
        });
    }

    @Test
    void reservationsTogetherNeverExceedTheQuota() {
        DiskQuota.Share first = quota.begin(0);
        DiskQuota.Share second = quota.begin(0);
        assertTrue(first.expect(60));
        assertFalse(second.expect(41));
        assertEquals(60, quota.used());
        assertTrue(second.expect(40));
        assertTrue(second.expect(30), "these are reserved already");
        first.end(10);
        assertEquals(50, quota.used());
        second.published(40);
        second.end(0);
        assertEquals(50, quota.used());
        assertEquals(0, quota.reserved());
    }

    @Test
    void reservationWaitsForEvictionIfItCanEverFit() {
        quota.counted(80);
        freedByEviction = 50;
        assertTrue(quota.begin(0).expect(60));
        assertEquals(List.of("now"), calls);
        assertFalse(quota.begin(0).expect(101));
        assertEquals(List.of("now"), calls);
    }

    @Test
    void evictionStartsAboveTheHighWaterMark() {
        DiskQuota.Share reservation = quota.begin(0);
        reservation.expect(91);
        assertEquals(List.of(), calls);
        reservation.published(91);
        reservation.end(0);
        assertEquals(List.of("soon"), calls);
    }

    @Test
    void refusedReservationIsRememberedUntilSpaceIsFreed() {
        quota.counted(85);
        assertTrue(quota.mayTake(50), "no reservation was refused yet");
        assertFalse(quota.begin(0).expect(50));
        assertFalse(quota.mayTake(50));
        assertTrue(quota.mayTake(10));
        quota.freed(15);
        assertTrue(quota.mayTake(50));
    }

    @Test
    void changedLimitsApplyToReservationsInFlight() {
        quota.counted(50);
        DiskQuota.Share reservation = quota.begin(0);
        assertTrue(reservation.expect(30));
        quota.limit(60, 55);
        assertEquals(List.of("soon"), calls);
        assertFalse(reservation.covers(31));
        quota.limit(200, 180);
        assertTrue(reservation.covers(140));
    }

    @Test
    void partialFileIsNotCountedTwice() {
        quota.counted(50);
        DiskQuota.Share reservation = quota.begin(50);
        assertEquals(50, quota.used());
        assertTrue(reservation.expect(100));
        reservation.end(70);
        assertEquals(70, quota.used());
    }
}
