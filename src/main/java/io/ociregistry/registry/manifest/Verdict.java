package io.ociregistry.registry.manifest;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import java.util.Optional;

/** The result of the revalidation of a cached tag. */
sealed interface Verdict {
    /** The tag means the cached manifest. */
    record Fresh() implements Verdict {}

    /**
     * The tag means another manifest.
     *
     * @param current the digest of that manifest; empty if the upstream's answer does not say it
     */
    record Changed(Optional<Digest> current) implements Verdict {}

    /** The upstream does not have the tag, and the tag's rule lets it go. */
    record Gone(RegistryException answer) implements Verdict {}

    /** The upstream failed or refused, or it does not have the tag and the tag's rule keeps it. */
    record Unreachable(RegistryException failure) implements Verdict {}
}
