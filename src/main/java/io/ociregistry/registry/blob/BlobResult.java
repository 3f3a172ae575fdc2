package io.ociregistry.registry.blob;

import io.ociregistry.metrics.Provenance;
import io.ociregistry.store.BlobSource;
import java.util.OptionalLong;

/** A reader of a blob for an answer to a client, who closes it. */
public record BlobResult(BlobSource source, Provenance provenance) {
    /**
     * The size of a blob for an answer to a client.
     *
     * @param bytes empty if the blob exists and its size is unknown
     */
    public record Size(OptionalLong bytes, Provenance provenance) {}

    /** Returns the result for content of the store. */
    static BlobResult stored(BlobSource source) {
        return new BlobResult(source, Provenance.HIT);
    }

    /** Returns the result after the upstream of the repository has confirmed the blob. */
    BlobResult confirmed() {
        return new BlobResult(source, provenance.confirmed());
    }
}
