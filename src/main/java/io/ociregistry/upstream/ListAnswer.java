package io.ociregistry.upstream;

import io.ociregistry.oci.MediaType;
import java.util.Optional;
import java.util.Set;

/**
 * One page of a list as an upstream sent it, or its definite answer that it has no such list.
 *
 * @param status 200, or one of {@link #NO}
 * @param contentType as sent, {@link MediaType#NONE} if not
 * @param bytes the body, not verified; empty unless the status is 200
 * @param next the query that asks for the next page; empty if there is none
 * @param stale whether a cache answered that could not ask whether that is still so
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ListAnswer(int status, MediaType contentType, byte[] bytes, Optional<String> next, boolean stale) {
    /** There is no such list, or this registry has no such lists. 303 names something else in its place (RFC 9110, 15.4.4). */
    public static final Set<Integer> NO = Set.of(303, 400, 404, 405, 406, 410);

    public static ListAnswer no(int status) {
        return new ListAnswer(status, MediaType.NONE, new byte[0], Optional.empty(), false);
    }

    public boolean isFound() {
        return status == 200;
    }
}
