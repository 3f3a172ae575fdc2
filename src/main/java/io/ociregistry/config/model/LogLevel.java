package io.ociregistry.config.model;

/** The least important messages that are still logged. */
public enum LogLevel {
    DEBUG,
    WARN,
    INFO,
    ERROR
}
