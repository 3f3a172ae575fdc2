package io.ociregistry.testing;

import io.ociregistry.oci.Digest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/** Bytes to serve, computed by position, so that a blob of gigabytes needs no memory. */
public interface Content {
    long size();

    /** Copies {@code length} bytes from a position, which must exist. */
    void copy(long position, byte[] into, int length);

    static Content of(byte[] bytes) {
        return new Content() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public void copy(long position, byte[] into, int length) {
                System.arraycopy(bytes, (int) position, into, 0, length);
            }
        };
    }

    static Content of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns incompressible bytes, equal for equal seeds. */
    static Content random(long seed, long size) {
        return new Content() {
            @Override
            public long size() {
                return size;
            }

            @Override
            public void copy(long position, byte[] into, int length) {
                for (int i = 0; i < length; i++) {
                    long at = position + i;
                    into[i] = (byte) (mixed(seed + (at >>> 3)) >>> ((at & 7) << 3));
                }
            }
        };
    }

    /** Returns these bytes with the byte at a position inverted. */
    default Content flipped(long flipped) {
        Content original = this;
        return new Content() {
            @Override
            public long size() {
                return original.size();
            }

            @Override
            public void copy(long position, byte[] into, int length) {
                original.copy(position, into, length);
                if (flipped >= position && flipped < position + length) {
                    into[(int) (flipped - position)] ^= (byte) 0xff;
                }
            }
        };
    }

    /** Returns a part of these bytes. */
    default Content slice(long from, long to) {
        Content original = this;
        return new Content() {
            @Override
            public long size() {
                return to - from;
            }

            @Override
            public void copy(long position, byte[] into, int length) {
                original.copy(from + position, into, length);
            }
        };
    }

    /** Returns all bytes. */
    default byte[] bytes() {
        byte[] all = new byte[Math.toIntExact(size())];
        copy(0, all, all.length);
        return all;
    }

    default Digest digest(Digest.Algorithm algorithm) {
        MessageDigest hash = algorithm.newHash();
        byte[] buffer = new byte[1 << 16];
        for (long at = 0; at < size(); at += buffer.length) {
            int length = (int) Math.min(buffer.length, size() - at);
            copy(at, buffer, length);
            hash.update(buffer, 0, length);
        }
        return Digest.finish(algorithm, hash);
    }

    /** Returns true if the bytes are equal. */
    default boolean sameAs(byte[] other) {
        return size() == other.length && Arrays.equals(bytes(), other);
    }

    // The finalizer of SplitMix64: every bit of the input moves every bit of the output.
    private static long mixed(long value) {
        long z = value * 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
