package io.ociregistry.store.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PassThroughBufferTest {
    private static final long START = 5_000_000_000L;

    @Test
    void itTakesWhatThereIsRoomFor_andMoreOnceSomethingIsNotNeededAnyMore() {
        PassThroughBuffer window = new PassThroughBuffer(START);
        assertEquals(PassThroughBuffer.SIZE, window.put(ByteBuffer.allocate(PassThroughBuffer.SIZE + 7), START));
        assertEquals(0, window.put(ByteBuffer.allocate(7), START));
        assertEquals(5, window.put(ByteBuffer.allocate(7), START + 5));
        assertFalse(window.holds(START + 4));
        assertTrue(window.holds(START + 5));
        assertEquals(0, window.read(START + 4, ByteBuffer.allocate(1)), "it is gone");
    }

    @Test
    void whatNobodyNeedsYetIsNotGivenUp() {
        PassThroughBuffer window = new PassThroughBuffer(START);
        window.put(ByteBuffer.allocate(10), Long.MAX_VALUE);
        assertTrue(window.holds(START + 10));
        assertEquals(0, window.read(START + 10, ByteBuffer.allocate(1)), "it is not there yet");
        window.put(ByteBuffer.wrap(new byte[] {42}), START + 10);
        ByteBuffer one = ByteBuffer.allocate(5);
        assertEquals(1, window.read(START + 10, one));
        assertEquals(42, one.get(0));
    }

    @Property(tries = 30)
    void whatIsReadIsWhatWasPut_whateverThePieces(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] content = new byte[3 * PassThroughBuffer.SIZE];
        random.nextBytes(content);
        byte[] read = new byte[content.length];
        PassThroughBuffer window = new PassThroughBuffer(START);
        int in = 0;
        int out = 0;
        while (out < content.length) {
            ByteBuffer piece = ByteBuffer.wrap(content, in, Math.min(content.length - in, 1 + random.nextInt(700_000)));
            in += window.put(piece, START + out);
            ByteBuffer into = ByteBuffer.wrap(read, out, Math.min(read.length - out, 1 + random.nextInt(700_000)));
            out += window.read(START + out, into);
        }
        assertArrayEquals(content, read);
        assertEquals(content.length, Arrays.copyOf(read, out).length);
    }
}
