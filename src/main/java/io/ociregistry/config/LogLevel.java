package io.ociregistry.config;

/** The least important messages that are still logged. */
public enum LogLevel {
    DEBUG,
    WARN,
    INFO,
    ERROR
}
