package io.ociregistry.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiskQuotaTest {
    private final DiskQuota space = new DiskQuota(100, 90);
    private final List<String> asked = new ArrayList<>();
    private long freedWhenAsked;

    DiskQuotaTest() {
        space.relieveBy(new DiskQuota.Relief() {
            @Override
            public void now() {
                asked.add("now");
                space.freed(freedWhenAsked);
            }

            @Override
            public void soon() {
                asked.add("soon");
            }
        });
    }

    @Test
    void sharesNeverHaveMoreThanThereIsTogether() {
        DiskQuota.Share one = space.begin(0);
        DiskQuota.Share other = space.begin(0);
        assertTrue(one.expect(60));
        assertFalse(other.expect(41));
        assertEquals(60, space.used());
        assertTrue(other.expect(40));
        assertTrue(other.expect(30), "it has these already");
        one.end(10);
        assertEquals(50, space.used());
        other.published(40);
        other.end(0);
        assertEquals(50, space.used());
        assertEquals(0, space.reserved());
    }

    @Test
    void whatDoesNotFitWaitsForRoom_andWhatNeverCanDoesNot() {
        space.counted(80);
        freedWhenAsked = 50;
        assertTrue(space.begin(0).expect(60));
        assertEquals(List.of("now"), asked);
        assertFalse(space.begin(0).expect(101));
        assertEquals(List.of("now"), asked);
    }

    @Test
    void aboveTheHighWaterThereIsToBeRoomSoon() {
        DiskQuota.Share share = space.begin(0);
        share.expect(91);
        assertEquals(List.of(), asked);
        share.published(91);
        share.end(0);
        assertEquals(List.of("soon"), asked);
    }

    @Test
    void whereNothingCanGoNobodyFetchesAhead_untilSomethingDid() {
        space.counted(85);
        assertTrue(space.mayTake(50), "nobody tried");
        assertFalse(space.begin(0).expect(50));
        assertFalse(space.mayTake(50));
        assertTrue(space.mayTake(10));
        space.freed(15);
        assertTrue(space.mayTake(50));
    }

    @Test
    void anotherLimitCountsAtOnce_forWhatIsReceivedAlreadyToo() {
        space.counted(50);
        DiskQuota.Share share = space.begin(0);
        assertTrue(share.expect(30));
        space.limit(60, 55);
        assertEquals(List.of("soon"), asked);
        assertFalse(share.covers(31));
        space.limit(200, 180);
        assertTrue(share.covers(140));
    }

    @Test
    void whatIsHereOfAnInterruptedOneIsNotCountedTwice() {
        space.counted(50);
        DiskQuota.Share share = space.begin(50);
        assertEquals(50, space.used());
        assertTrue(share.expect(100));
        share.end(70);
        assertEquals(70, space.used());
    }
}
