package io.ociregistry.store;

import io.ociregistry.oci.ImageReference;
import java.util.List;

/**
 * The images whose prefetch has not finished, so that it can be resumed after a stop or a crash. If such a note is
 * lost, the blobs of its image are fetched when a client asks for them. Thread-safe.
 */
public interface IncompleteImages {
    /** Notes an image, which is named by its digest. A failure is only logged. */
    void add(ImageReference image);

    /** Removes an image that is complete or no longer wanted. A failure is only logged. */
    void remove(ImageReference image);

    /** Returns all noted images; unreadable notes are skipped. */
    List<ImageReference> list();
}
