package io.ociregistry.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The distinguished encoding of ASN.1 (ITU-T X.690), as far as private keys need it: tags of one byte and definite
 * lengths. Malformed input causes an {@link IllegalArgumentException}.
 */
final class Der {
    static final int INTEGER = 0x02;
    static final int OCTET_STRING = 0x04;
    static final int NULL = 0x05;
    static final int OBJECT_IDENTIFIER = 0x06;
    static final int SEQUENCE = 0x30;
    /** The element {@code [0]} of a sequence. */
    static final int CONTEXT_0 = 0xa0;

    private static final int MAX_LENGTH_BYTES = 3;

    private final ByteBuffer bytes;

    /** Reads the elements in these bytes, one after another. */
    Der(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes);
    }

    boolean hasNext() {
        return bytes.hasRemaining();
    }

    /** Returns true if the next element has this tag. */
    boolean isNext(int tag) {
        return hasNext() && (bytes.get(bytes.position()) & 0xff) == tag;
    }

    /** Returns the content of the next element, which must have this tag. */
    byte[] next(int tag) {
        if (!isNext(tag)) {
            throw new IllegalArgumentException("it is not well-formed: an element of type " + tag + " is missing");
        }
        bytes.get();
        return content();
    }

    /** Returns a reader of the elements of the next element, which must have this tag. */
    Der in(int tag) {
        return new Der(next(tag));
    }

    /** Skips the next element. */
    Der skip() {
        if (!hasNext()) {
            throw truncated();
        }
        bytes.get();
        content();
        return this;
    }

    /** Returns the next element with its tag and its length, and without the bytes that follow it. */
    byte[] nextEncoded() {
        int from = bytes.position();
        skip();
        return Arrays.copyOfRange(bytes.array(), from, bytes.position());
    }

    private byte[] content() {
        int length = length();
        if (length > bytes.remaining()) {
            throw truncated();
        }
        byte[] content = new byte[length];
        bytes.get(content);
        return content;
    }

    private int length() {
        int first = nextByte();
        if (first < 0x80) {
            return first;
        }
        int count = first & 0x7f;
        if (count == 0 || count > MAX_LENGTH_BYTES) {
            throw new IllegalArgumentException("it is not well-formed: an element is too long");
        }
        int length = 0;
        for (int i = 0; i < count; i++) {
            length = length << 8 | nextByte();
        }
        return length;
    }

    private int nextByte() {
        if (!hasNext()) {
            throw truncated();
        }
        return bytes.get() & 0xff;
    }

    private static IllegalArgumentException truncated() {
        return new IllegalArgumentException("it is not well-formed: it ends early");
    }

    /** Encodes an element whose content is the concatenation of the parts. */
    static byte[] encode(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        writeLength(content.size(), element);
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }

    private static void writeLength(int length, ByteArrayOutputStream to) {
        if (length >= 0x80) {
            int count = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + 7) / 8;
            to.write(0x80 | count);
            for (int shift = 8 * (count - 1); shift > 0; shift -= 8) {
                to.write(length >> shift);
            }
        }
        to.write(length);
    }

    /** Returns an object identifier as text, such as {@code 1.2.840.113549.1.1.1}. */
    static String oid(byte[] content) {
        StringBuilder text = new StringBuilder();
        long arc = 0;
        for (byte each : content) {
            arc = arc << 7 | (each & 0x7f);
            if (each >= 0) {
                long first = Math.min(arc / 40, 2);
                text.append(text.isEmpty() ? first + "." + (arc - 40 * first) : "." + arc);
                arc = 0;
            }
        }
        return text.toString();
    }
}
