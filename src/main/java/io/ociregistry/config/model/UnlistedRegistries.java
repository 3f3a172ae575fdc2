package io.ociregistry.config.model;

/** Whether requests for unlisted registries are allowed. */
public enum UnlistedRegistries {
    ALLOW,
    DENY
}
