package io.ociregistry.oci;

/** What an image runs on; parts that are not told are empty. */
public record Platform(String os, String architecture, String variant) {
    @Override
    public String toString() {
        return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
    }
}
