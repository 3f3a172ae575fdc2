package io.ociregistry.common;

/** A value that must not appear in logs: {@code toString} of this record, and of records that contain it, hides it. */
public record Secret(String reveal) {
    @Override
    public String toString() {
        return "***";
    }
}
