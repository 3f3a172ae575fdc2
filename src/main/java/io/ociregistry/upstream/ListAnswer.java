package io.ociregistry.upstream;

import io.ociregistry.oci.MediaType;
import java.util.Optional;
import java.util.Set;

/**
 * A page of a list as an upstream sent it, or the upstream's definite answer that the list does not exist.
 *
 * @param status 200, or one of {@link #ABSENT_STATUSES}
 * @param contentType Content-Type, {@link MediaType#NONE} if it was not sent
 * @param bytes the body, not verified; empty unless the status is 200
 * @param next the query of the next page; empty for the last page
 * @param stale true if a caching mirror answered and could not revalidate the list
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ListAnswer(int status, MediaType contentType, byte[] bytes, Optional<String> next, boolean stale) {
    /**
     * Statuses that mean that the list, or this kind of list, does not exist. 303 names another resource in place of
     * the list (RFC 9110, 15.4.4).
     */
    public static final Set<Integer> ABSENT_STATUSES = Set.of(303, 400, 404, 405, 406, 410);

    /** Returns the answer for one of the statuses in {@link #ABSENT_STATUSES}. */
    public static ListAnswer absent(int status) {
        return new ListAnswer(status, MediaType.NONE, new byte[0], Optional.empty(), false);
    }

    public boolean isFound() {
        return status == 200;
    }
}
