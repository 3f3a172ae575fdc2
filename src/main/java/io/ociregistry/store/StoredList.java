package io.ociregistry.store;

import java.time.Instant;

/**
 * A list as an upstream told it.
 *
 * @param checked when
 * @param json as clients get it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StoredList(Instant checked, byte[] json) {}
