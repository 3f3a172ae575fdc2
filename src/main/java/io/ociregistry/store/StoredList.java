package io.ociregistry.store;

import java.time.Instant;

/**
 * A list of tags or referrers that an upstream sent.
 *
 * @param checked the time at which the upstream sent it
 * @param json the list in the form in which it is sent to clients
 */
@SuppressWarnings("ArrayRecordComponent") // Lists are never compared.
public record StoredList(Instant checked, byte[] json) {}
