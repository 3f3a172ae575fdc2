package io.ociregistry.oci;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A digest of one of the registered algorithms (image specification, "Digests"). Immutable.
 *
 * <p>The hash is stored as numbers, because a cache has hundreds of thousands of digests in memory.
 */
public final class Digest implements Reference, Comparable<Digest> {
    private static final int WORD_DIGITS = 16;
    private static final byte[] NO_BYTES = {};
    private static final long[] NO_WORDS = {};

    /** The registered algorithms. */
    public enum Algorithm {
        SHA256("SHA-256", 64),
        SHA512("SHA-512", 128);

        private final String jdkName;
        private final Pattern encoded;

        Algorithm(String jdkName, int length) {
            this.jdkName = jdkName;
            this.encoded = Pattern.compile("[a-f0-9]{" + length + "}");
        }

        /** Returns a new hash of this algorithm; every JDK has both algorithms. */
        public MessageDigest newHash() {
            try {
                return MessageDigest.getInstance(jdkName);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("this Java runtime has no " + jdkName, e);
            }
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final long first;
    private final long second;
    private final long third;
    private final long fourth;
    /** Words five to eight of a SHA-512 hash; empty for SHA-256. */
    private final long[] rest;

    /**
     * Makes a digest of its two parts.
     *
     * @param hex the lower-case hexadecimal form, of the algorithm's length
     * @throws RegistryException {@link ErrorCode#DIGEST_INVALID} if {@code hex} has another form
     */
    public Digest(Algorithm algorithm, String hex) {
        if (!algorithm.encoded.matcher(hex).matches()) {
            throw invalid(algorithm + ":" + hex);
        }
        this.first = word(hex, 0);
        this.second = word(hex, 1);
        this.third = word(hex, 2);
        this.fourth = word(hex, 3);
        this.rest = algorithm == Algorithm.SHA256
                ? NO_WORDS
                : new long[] {word(hex, 4), word(hex, 5), word(hex, 6), word(hex, 7)};
    }

    private static long word(String hex, int number) {
        return HexFormat.fromHexDigitsToLong(hex, number * WORD_DIGITS, (number + 1) * WORD_DIGITS);
    }

    /**
     * Parses {@code algorithm:hex}.
     *
     * @throws RegistryException {@link ErrorCode#DIGEST_INVALID} if the text is not a digest of a registered algorithm
     */
    public static Digest parse(String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? "" : text.substring(0, colon);
        for (Algorithm algorithm : Algorithm.values()) {
            if (algorithm.toString().equals(name)) {
                return new Digest(algorithm, text.substring(colon + 1));
            }
        }
        throw invalid(text);
    }

    /** Returns the SHA-256 digest of these bytes. */
    public static Digest of(byte[] bytes) {
        return of(Algorithm.SHA256, bytes);
    }

    public static Digest of(Algorithm algorithm, byte[] bytes) {
        return new Digest(
                algorithm, HexFormat.of().formatHex(algorithm.newHash().digest(bytes)));
    }

    /** Completes a hash of this algorithm, which resets the hash, and returns its digest. */
    public static Digest finish(Algorithm algorithm, MessageDigest hash) {
        return new Digest(algorithm, HexFormat.of().formatHex(hash.digest()));
    }

    /** True if this is the digest of exactly these bytes. */
    public boolean matches(byte[] bytes) {
        return equals(of(algorithm(), bytes));
    }

    /**
     * Whether content with this digest can have this size. Size 0 fits only the digest of empty content: proxies and
     * broken manifests give that size for content that they do not have.
     */
    public boolean canHaveSize(long size) {
        return size > 0 || (size == 0 && matches(NO_BYTES));
    }

    @Override
    public String separator() {
        return "@";
    }

    public Algorithm algorithm() {
        return rest.length == 0 ? Algorithm.SHA256 : Algorithm.SHA512;
    }

    /** The lower-case hexadecimal form. */
    public String hex() {
        HexFormat format = HexFormat.of();
        StringBuilder text = new StringBuilder((4 + rest.length) * WORD_DIGITS);
        text.append(format.toHexDigits(first)).append(format.toHexDigits(second));
        text.append(format.toHexDigits(third)).append(format.toHexDigits(fourth));
        for (long word : rest) {
            text.append(format.toHexDigits(word));
        }
        return text.toString();
    }

    /** Orders digests as their texts. */
    @Override
    public int compareTo(Digest other) {
        int compared = algorithm().compareTo(other.algorithm());
        compared = compared == 0 ? Long.compareUnsigned(first, other.first) : compared;
        compared = compared == 0 ? Long.compareUnsigned(second, other.second) : compared;
        compared = compared == 0 ? Long.compareUnsigned(third, other.third) : compared;
        compared = compared == 0 ? Long.compareUnsigned(fourth, other.fourth) : compared;
        return compared == 0 ? Arrays.compareUnsigned(rest, other.rest) : compared;
    }

    @Override
    public boolean equals(@Nullable Object object) {
        return object instanceof Digest other
                && first == other.first
                && second == other.second
                && third == other.third
                && fourth == other.fourth
                && Arrays.equals(rest, other.rest);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(first);
    }

    @Override
    public String toString() {
        return algorithm() + ":" + hex();
    }

    private static RegistryException invalid(String text) {
        return new RegistryException(
                ErrorCode.DIGEST_INVALID,
                Text.quoted(text)
                        + " is not a digest: expected sha256: and 64, or sha512: and 128 lower-case hexadecimal"
                        + " digits");
    }
}
