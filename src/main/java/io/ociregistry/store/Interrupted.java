package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryName;

/** A blob of which an interrupted download left a part, and the registry it came from. */
public record Interrupted(Digest digest, RegistryName source) {}
