package io.ociregistry.upstream;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryName;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Executor;

/**
 * A registry from which this server pulls. Thread-safe.
 *
 * <p>Every request blocks until the headers of the answer have arrived, so it must run on one of the two executors. It
 * authenticates and follows redirects. Blobs are not decoded, see {@link BlobAnswer#decoded()}.
 *
 * <p>Every request throws {@link io.ociregistry.oci.RegistryException} with the name of the upstream, the repository
 * and the reference in its message:
 * <ul>
 *   <li>{@code MANIFEST_UNKNOWN} or {@code BLOB_UNKNOWN} for a 404 of the upstream;
 *   <li>{@code DENIED} for its 401 and 403, and for an address to which this server sends no requests;
 *   <li>{@code TOO_MANY_REQUESTS} with Retry-After for its 429, and without a request until that time has passed;
 *   <li>{@code UPSTREAM_BAD_ANSWER} for other statuses and for broken connections;
 *   <li>{@code UPSTREAM_UNREACHABLE} for failures of DNS, connection and TLS;
 *   <li>{@code UPSTREAM_TIMEOUT} if a deadline passed.
 * </ul>
 */
public interface Upstream {
    /** Returns the registry's name as used in references. */
    RegistryName name();

    /**
     * Throws if this upstream is known to be down, or limits requests of that kind now. Sends nothing.
     *
     * <p>Callers check before they queue work for the upstream, so that requests that would fail cost nothing.
     *
     * @throws io.ociregistry.oci.RegistryException {@code UPSTREAM_UNREACHABLE} or {@code TOO_MANY_REQUESTS}, with the
     *     time after which to retry
     */
    void check(RequestKind kind);

    /** Returns the state of the registry and of each mirror, in the order in which they are asked. Sends nothing. */
    List<SourceState> sources();

    /**
     * Probes the sources that are down now, instead of when their next probe is due. Does not wait for the answers.
     *
     * @return the base URLs of these sources
     */
    List<String> probeNow();

    /** Returns how long requests have waited for this upstream without any sign of life; zero if no request waits. */
    Duration silence();

    /**
     * GETs a whole manifest, and decodes a content encoding that was not requested. Nothing is verified.
     *
     * @param repository the name of the repository in the registry
     * @param maxBytes the limit for the body; a larger one is {@code UPSTREAM_BAD_ANSWER}
     */
    ManifestAnswer manifest(String repository, Reference reference, long maxBytes);

    /** HEADs a manifest. */
    HeadAnswer headManifest(String repository, Reference reference);

    /**
     * GETs a blob from a position to its end. The caller closes the answer.
     *
     * <p>If the transfer breaks, the next call may get the rest from another source.
     *
     * @param from the position of the first byte; the upstream may ignore the range, see {@link BlobAnswer#from()}
     */
    BlobAnswer blob(String repository, Digest digest, long from);

    /**
     * GETs a part of a blob. The caller closes the answer, whose body may end before the part does.
     *
     * @param from the position of the first byte, greater than 0
     * @param to the position after the last byte
     * @throws io.ociregistry.oci.RegistryException also {@code UPSTREAM_BAD_ANSWER} if the upstream ignores ranges
     */
    BlobAnswer blobPart(String repository, Digest digest, long from, long to);

    /** Returns true if another usable source, which has not failed with that blob, can replace the current one. */
    boolean hasAlternative(String repository, Digest digest);

    /**
     * Excludes the sources that sent bytes of that blob, because the bytes are wrong.
     *
     * @return true if the blob comes from another source from now on; false if there is no other source
     */
    boolean skip(String repository, Digest digest);

    /** HEADs a blob. An answer with another digest is {@code UPSTREAM_WRONG_CONTENT}. */
    HeadAnswer headBlob(String repository, Digest digest);

    /** GETs the first byte of a blob to learn its size; empty if the answer has no possible size. */
    OptionalLong blobSize(String repository, Digest digest);

    /**
     * GETs one page of a list. A definite answer that the list does not exist is no failure, see {@link ListAnswer}.
     *
     * @param path the list, relative to the repository: {@code tags/list} or {@code referrers/<digest>}
     * @param query the query without the question mark; empty for none
     * @param maxBytes the limit for the body; a larger one is {@code UPSTREAM_BAD_ANSWER}
     */
    ListAnswer list(String repository, String path, String query, long maxBytes);

    /**
     * Returns the executor for manifests and other small requests; bounded, never waits for a blob.
     *
     * <p>A task that is submitted again while it waits takes the more urgent priority, and runs once.
     */
    Executor metadata(Priority priority);

    /** Returns the executor for blob transfers; bounded. Tasks are queued as in {@link #metadata}. */
    Executor blobs(Priority priority);
}
