package io.ociregistry.config.model;

/** Whether clients of our own TLS port must show a certificate. */
public enum ClientAuth {
    NONE,
    VERIFY
}
