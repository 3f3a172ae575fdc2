package io.ociregistry.config.model;

/** What becomes of a request for a registry that has no entry under {@code registries}. */
public enum UnlistedRegistries {
    ALLOW,
    DENY
}
