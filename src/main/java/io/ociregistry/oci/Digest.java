package io.ociregistry.oci;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The digest of some content, as the image specification defines it ("Digests"); only the registered algorithms.
 *
 * @param hex the lower-case hexadecimal form, of the algorithm's length
 */
public record Digest(Algorithm algorithm, String hex) implements Reference, Comparable<Digest> {
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

        /** A fresh hash of this algorithm; every JDK has both. */
        public MessageDigest newHash() {
            try {
                return MessageDigest.getInstance(jdkName);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("this Java has no " + jdkName, e);
            }
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Digest {
        if (!algorithm.encoded.matcher(hex).matches()) {
            throw invalid(algorithm + ":" + hex);
        }
    }

    /**
     * Parses {@code algorithm:hex}.
     *
     * @throws RegistryException {@link ErrorCode#DIGEST_INVALID} if that is no digest of a registered algorithm
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

    /** The SHA-256 digest of some bytes. */
    public static Digest of(byte[] bytes) {
        return of(Algorithm.SHA256, bytes);
    }

    public static Digest of(Algorithm algorithm, byte[] bytes) {
        return new Digest(
                algorithm, HexFormat.of().formatHex(algorithm.newHash().digest(bytes)));
    }

    /** The digest that a hash of this algorithm stands at; the hash is reset by it. */
    public static Digest finish(Algorithm algorithm, MessageDigest hash) {
        return new Digest(algorithm, HexFormat.of().formatHex(hash.digest()));
    }

    /** True if this is the digest of exactly these bytes. */
    public boolean matches(byte[] bytes) {
        return equals(of(algorithm, bytes));
    }

    @Override
    public String separator() {
        return "@";
    }

    @Override
    public int compareTo(Digest other) {
        return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }

    private static RegistryException invalid(String text) {
        return new RegistryException(
                ErrorCode.DIGEST_INVALID,
                Text.quoted(text)
                        + " is no digest: expected sha256: and 64, or sha512: and 128, lower-case hexadecimal digits");
    }
}
