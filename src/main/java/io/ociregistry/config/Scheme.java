package io.ociregistry.config;

/** How an upstream registry is spoken to. */
public enum Scheme {
    HTTPS,
    HTTP
}
