package io.ociregistry.store;

/** Receives the changes that a scan of the record directories found. */
public interface RecordChanges {
    /** Called for a record that is new. */
    void added(ManifestSummary added);

    /** Called for a record whose content changed. */
    void changed(ManifestSummary before, ManifestSummary now);

    /** Called for a record that no longer exists. */
    void removed(ManifestSummary removed);
}
