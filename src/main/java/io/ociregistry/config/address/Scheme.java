package io.ociregistry.config.address;

/** The URL scheme of an upstream registry. */
public enum Scheme {
    HTTPS,
    HTTP
}
