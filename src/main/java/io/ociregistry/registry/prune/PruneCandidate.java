package io.ociregistry.registry.prune;

import io.ociregistry.oci.ImageReference;
import java.time.Instant;
import java.util.List;

/**
 * What can be chosen to go: a tag; or an image without one that nothing else here needs.
 *
 * @param name the tag, or the image by its digest
 * @param names all that it may be chosen by
 * @param created when it was first pulled under that name
 * @param pulled when a client got it last, or something it lists
 */
public record PruneCandidate(ImageReference name, List<ImageReference> names, Instant created, Instant pulled) {}
