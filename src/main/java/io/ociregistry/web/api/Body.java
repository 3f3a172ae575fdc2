package io.ociregistry.web.api;

import io.ociregistry.store.BlobSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The body of an {@link Answer}. */
public sealed interface Body {
    /** The end of a range that goes up to the end of its source, whose size is not known. */
    long TO_END = Long.MAX_VALUE;

    /**
     * No body.
     *
     * @param length the length that the body would have; empty if it is not known, or if there would be none
     */
    record None(OptionalLong length) implements Body {}

    /** Bytes in memory. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Bytes(byte[] bytes) implements Body {
        @Override
        public OptionalLong length() {
            return OptionalLong.of(bytes.length);
        }
    }

    /**
     * A range of a blob, or all of it.
     *
     * @param from the first byte
     * @param to the byte after the last one, or {@link #TO_END}
     */
    record Blob(BlobSource source, long from, long to) implements Body {
        @Override
        public OptionalLong length() {
            return to == TO_END ? OptionalLong.empty() : OptionalLong.of(to - from);
        }

        @Override
        public Optional<BlobSource.Origin> origin() {
            return Optional.of(source.origin());
        }

        @Override
        public void close() {
            source.close();
        }
    }

    /**
     * Several ranges of a blob.
     *
     * @param parts the ranges, and the bytes between them
     */
    record Multipart(BlobSource source, List<Body> parts) implements Body {
        @Override
        public OptionalLong length() {
            return OptionalLong.of(parts.stream()
                    .mapToLong(part -> part.length().orElseThrow())
                    .sum());
        }

        @Override
        public Optional<BlobSource.Origin> origin() {
            return Optional.of(source.origin());
        }

        @Override
        public void close() {
            source.close();
        }
    }

    /** Lines that are sent as soon as they are added. */
    record Lines(LineStream lines) implements Body {
        @Override
        public OptionalLong length() {
            return OptionalLong.empty();
        }
    }

    /** Returns the number of bytes; empty if it is not known yet. */
    OptionalLong length();

    /** Returns the place from which the bytes of a blob come; empty for other bodies. */
    default Optional<BlobSource.Origin> origin() {
        return Optional.empty();
    }

    /** Releases the source of the body, if there is one. */
    default void close() {}
}
