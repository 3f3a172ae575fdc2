package io.ociregistry.store.check;

import io.ociregistry.store.ManifestRecord;

/**
 * A record as the {@link DiskInspector} read it.
 *
 * @param isSettled false if it was written in the last minute, so that its blobs may still be on their way
 */
public record InspectedRecord(ManifestRecord record, boolean isSettled) {}
