package io.ociregistry.upstream;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryName;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.Executor;

/**
 * One other registry, as far as a pull-through cache needs it.
 *
 * <p>Every call blocks until the answer's headers are in and belongs on one of the two executors. It authenticates, follows redirects and
 * decodes no blob by itself. It throws {@link io.ociregistry.oci.RegistryException}: {@code MANIFEST_UNKNOWN} or {@code BLOB_UNKNOWN} for
 * upstream's 404, {@code DENIED} for its 401 and 403 and for an address we refuse, {@code TOO_MANY_REQUESTS} (with Retry-After) for its 429
 * and, without asking it, until that time has passed,
 * {@code UPSTREAM_BAD_ANSWER} for other statuses and for broken connections, {@code UPSTREAM_UNREACHABLE} for failures of DNS, connection
 * and TLS, {@code UPSTREAM_TIMEOUT} where a deadline passed. Messages name the upstream, the repository and the reference.
 */
public interface Upstream {
    /** The registry's name as references use it. */
    RegistryName name();

    /**
     * Does nothing unless this upstream is known to be down, or to limit requests of that kind just now. Asked before work is queued for it,
     * so that hopeless requests cost nothing.
     *
     * @throws io.ociregistry.oci.RegistryException {@code UPSTREAM_UNREACHABLE} or {@code TOO_MANY_REQUESTS}, with a time to retry
     */
    void check(RequestKind kind);

    /** How long requests have been waiting for this upstream without any sign of life from it; zero if none waits. */
    Duration silence();

    /**
     * GETs a manifest, whole, and decoded where it came with an encoding that nobody asked for. Nothing about it is verified.
     *
     * @param repository the repository's name there
     * @param maxBytes more than that is {@code UPSTREAM_BAD_ANSWER}
     */
    ManifestAnswer manifest(String repository, Reference reference, long maxBytes);

    /** HEADs a manifest. */
    HeadAnswer headManifest(String repository, Reference reference);

    /**
     * GETs a blob from a position on. The caller closes the answer; where it breaks off, asking again may bring the rest from elsewhere.
     *
     * @param from 0, or the first byte to be sent: upstream is asked for that range but may ignore it; see {@link BlobAnswer#from()}
     */
    BlobAnswer blob(String repository, Digest digest, long from);

    /**
     * GETs a part of a blob. The caller closes the answer, which may end before the part does.
     *
     * @param from the first byte, not 0
     * @param to the byte after the last one
     * @throws io.ociregistry.oci.RegistryException {@code UPSTREAM_BAD_ANSWER} too, if upstream ignores ranges
     */
    BlobAnswer blobPart(String repository, Digest digest, long from, long to);

    /** Whether that blob can be had from elsewhere than where it comes from now, by asking for it again. */
    boolean hasOther(String repository, Digest digest);

    /**
     * Notes that what came of that blob is wrong.
     *
     * @return true if it comes from elsewhere from now on; false if there is nobody else to ask
     */
    boolean passOver(String repository, Digest digest);

    /** HEADs a blob. An answer that names another digest is {@code UPSTREAM_WRONG_CONTENT}. */
    HeadAnswer headBlob(String repository, Digest digest);

    /** GETs one byte of a blob to learn its size; empty if that says nothing that can be the size. */
    OptionalLong blobSize(String repository, Digest digest);

    /**
     * GETs one page of a list. Its definite answer that there is none is no failure here: see {@link ListAnswer}.
     *
     * @param path what is listed, below the repository: {@code tags/list} or {@code referrers/<digest>}
     * @param query without the question mark; empty for none
     * @param maxBytes more than that is {@code UPSTREAM_BAD_ANSWER}
     */
    ListAnswer list(String repository, String path, String query, long maxBytes);

    /** Runs manifest and other small requests; bounded, never waits for a blob. Work that is given again moves up, and runs once. */
    Executor metadata(Priority priority);

    /** Runs blob transfers; bounded. Work that is given again moves up, and runs once. */
    Executor blobs(Priority priority);
}
