package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import java.security.MessageDigest;

/** The digest of what has been seen so far, which can be told at any time and be gone back to. */
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

    /** The hash itself, to be fed. */
    public MessageDigest state() {
        return state;
    }

    /** The digest of all that was fed so far; feeding can go on. */
    public Digest now() {
        return Digest.finish(algorithm, copy().state);
    }

    /** Another one that stands where this one does. */
    IncrementalDigest copy() {
        try {
            return new IncrementalDigest(algorithm, (MessageDigest) state.clone());
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the hashes of every JDK can be cloned, and this one can't", e);
        }
    }
}
