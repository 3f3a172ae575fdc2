package io.ociregistry.config.address;

/** How an upstream registry is spoken to. */
public enum Scheme {
    HTTPS,
    HTTP
}
