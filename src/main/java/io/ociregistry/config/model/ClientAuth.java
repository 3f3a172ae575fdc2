package io.ociregistry.config.model;

/** Whether clients of the server's TLS port must send a certificate. */
public enum ClientAuth {
    NONE,
    VERIFY
}
