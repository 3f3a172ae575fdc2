package io.ociregistry.oci;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Optional;

/** Reads the platform from the config of an image (image specification, "Image Configuration"). */
public final class ImageConfig {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    /** The size above which a config is not read. */
    public static final int MAX_BYTES = 4 << 20;

    private ImageConfig() {}

    /** The platform of the image; empty if the bytes are not the config of an image. */
    public static Optional<Platform> platform(byte[] config) {
        try {
            JsonNode json = JSON.readTree(config);
            String os = json.path("os").asText("");
            String architecture = json.path("architecture").asText("");
            return os.isEmpty() || architecture.isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            new Platform(os, architecture, json.path("variant").asText("")));
        } catch (IOException notJson) {
            return Optional.empty();
        }
    }
}
