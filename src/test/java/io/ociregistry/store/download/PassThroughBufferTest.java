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
    void bufferTakesMoreBytesAfterOldOnesWereRead() {
        PassThroughBuffer buffer = new PassThroughBuffer(START);
        assertEquals(PassThroughBuffer.SIZE, buffer.put(ByteBuffer.allocate(PassThroughBuffer.SIZE + 7), START));
        assertEquals(0, buffer.put(ByteBuffer.allocate(7), START));
        assertEquals(5, buffer.put(ByteBuffer.allocate(7), START + 5));
        assertFalse(buffer.canServe(START + 4));
        assertTrue(buffer.canServe(START + 5));
        assertEquals(0, buffer.read(START + 4, ByteBuffer.allocate(1)), "the byte was discarded");
    }

    @Test
    void bytesThatHaveNotArrivedAreNotDiscarded() {
        PassThroughBuffer buffer = new PassThroughBuffer(START);
        buffer.put(ByteBuffer.allocate(10), Long.MAX_VALUE);
        assertTrue(buffer.canServe(START + 10));
        assertEquals(0, buffer.read(START + 10, ByteBuffer.allocate(1)), "the byte has not arrived yet");
        buffer.put(ByteBuffer.wrap(new byte[] {42}), START + 10);
        ByteBuffer one = ByteBuffer.allocate(5);
        assertEquals(1, buffer.read(START + 10, one));
        assertEquals(42, one.get(0));
    }

    @Property(tries = 30)
    void bytesReadAreBytesPutForAnyPieceSizes(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] content = new byte[3 * PassThroughBuffer.SIZE];
        random.nextBytes(content);
        byte[] read = new byte[content.length];
        PassThroughBuffer buffer = new PassThroughBuffer(START);
        int in = 0;
        int out = 0;
        while (out < content.length) {
            ByteBuffer piece = ByteBuffer.wrap(content, in, Math.min(content.length - in, 1 + random.nextInt(700_000)));
            in += buffer.put(piece, START + out);
            ByteBuffer into = ByteBuffer.wrap(read, out, Math.min(read.length - out, 1 + random.nextInt(700_000)));
            out += buffer.read(START + out, into);
        }
        assertArrayEquals(content, read);
        assertEquals(content.length, Arrays.copyOf(read, out).length);
    }
}
