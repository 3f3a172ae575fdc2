package io.ociregistry.common;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version, the revision and the date of this build, from a resource that Maven writes. */
public record BuildInfo(String version, String revision, String date) {
    private static final String RESOURCE = "/io/ociregistry/build.properties";

    public static BuildInfo read() {
        var properties = new Properties();
        try (var in = BuildInfo.class.getResourceAsStream(RESOURCE)) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + RESOURCE, e);
        }
        return new BuildInfo(
                properties.getProperty("version", "unknown"),
                properties.getProperty("revision", "unknown"),
                properties.getProperty("date", "unknown"));
    }
}
