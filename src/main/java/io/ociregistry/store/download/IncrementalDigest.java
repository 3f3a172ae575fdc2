package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import java.security.MessageDigest;

/** A digest that can be read at any time while more bytes are added, and copied. Not thread-safe. */
public final class IncrementalDigest {
    private final Digest.Algorithm algorithm;
    private final MessageDigest state;

    public IncrementalDigest(Digest.Algorithm algorithm) {
        this(algorithm, algorithm.newHash());
    }

    private IncrementalDigest(Digest.Algorithm algorithm, MessageDigest state) {
        this.algorithm = algorithm;
        this.state = state;
    }

    /** Returns the hash to which bytes are added. */
    public MessageDigest messageDigest() {
        return state;
    }

    /** Returns the digest of all bytes added so far; more can be added. */
    public Digest current() {
        return Digest.finish(algorithm, copy().state);
    }

    /** Returns a copy with the same state. */
    IncrementalDigest copy() {
        try {
            return new IncrementalDigest(algorithm, (MessageDigest) state.clone());
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the " + algorithm + " hash of this JDK can't be cloned", e);
        }
    }
}
