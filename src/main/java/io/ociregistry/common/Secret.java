package io.ociregistry.common;

/** A value that must not reach a log: printing it, or anything that holds it, does not show it. */
public record Secret(String reveal) {
    @Override
    public String toString() {
        return "***";
    }
}
