package io.ociregistry.registry.prune;

import io.ociregistry.oci.ImageReference;
import java.time.Instant;
import java.util.List;

/**
 * A tag, or a manifest without a tag that nothing in its repository keeps, which a request may select.
 *
 * @param name the tag, or the manifest by its digest
 * @param matchableNames every name that a pattern may match
 * @param created when a client first pulled this name
 * @param pulled when a client last pulled this name, or a manifest that it lists
 */
public record PruneCandidate(
        ImageReference name, List<ImageReference> matchableNames, Instant created, Instant pulled) {}
