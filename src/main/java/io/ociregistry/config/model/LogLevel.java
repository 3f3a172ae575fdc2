package io.ociregistry.config.model;

/** The lowest level of messages that the server logs. */
public enum LogLevel {
    DEBUG,
    WARN,
    INFO,
    ERROR
}
