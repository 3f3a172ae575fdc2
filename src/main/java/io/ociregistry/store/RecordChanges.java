package io.ociregistry.store;

/** Told what a look at the directories of the records found. */
public interface RecordChanges {
    /** A record is there that was not known. */
    void came(ManifestSummary now);

    /** A record says something else. */
    void changed(ManifestSummary before, ManifestSummary now);

    /** A record is not there any more. */
    void went(ManifestSummary before);
}
