package io.ociregistry.store.check;

import io.ociregistry.store.ManifestRecord;

/**
 * A record as it was read.
 *
 * @param isSettled false if it was written in the last minute: what belongs to it may be on its way
 */
public record InspectedRecord(ManifestRecord record, boolean isSettled) {}
