package io.ociregistry.registry.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.oci.RegistryException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListedImageTest {
    private static final String HEX = "a".repeat(64);
    private static final RegistryNames NAMES = new RegistryNames(ServerConfig.defaults());

    @ParameterizedTest
    @CsvSource({
        "quay.io/team/app:v1.0-RC1, quay.io/team/app:v1.0-RC1",
        "docker.io/nginx:1.25, docker.io/library/nginx:1.25",
        "index.docker.io/library/nginx:1.25, docker.io/library/nginx:1.25",
        "localhost:5000/app:1, localhost:5000/app:1",
        "registry.k8s.io:443/pause:3.8, registry.k8s.io/pause:3.8",
        "quay.io/app@sha256:HEX, quay.io/app@sha256:HEX",
        "quay.io/app:1@sha256:HEX, quay.io/app:1@sha256:HEX"
    })
    void completeNameIsParsed(String written, String image) {
        assertEquals(hex(image), ListedImage.parse(hex(written), NAMES).toString());
    }

    @Test
    void digestIsNameAndTagIsAlias() {
        ListedImage image = ListedImage.parse(hex("quay.io/app:1@sha256:HEX"), NAMES);
        assertEquals(hex("quay.io/app@sha256:HEX"), image.name().toString());
        assertEquals("quay.io/app:1", image.alias().orElseThrow().toString());
        assertTrue(ListedImage.parse("quay.io/app:1", NAMES).alias().isEmpty());
    }

    @ParameterizedTest
    @CsvSource({
        "nginx:1.25, docker.io/library/nginx:1.25",
        "team/app:1, docker.io/team/app:1",
        "quay.io/app, quay.io/app:latest",
        "localhost:5000/app, localhost:5000/app:latest"
    })
    void incompleteNameIsRefusedWithSuggestion(String written, String suggestion) {
        assertTrue(refused(written).endsWith("did you mean \"" + suggestion + "\"?"), refused(written));
    }

    @ParameterizedTest
    @CsvSource({
        "https://quay.io/app:1, quay.io/app:1",
        "http://localhost:5000/app:1, localhost:5000/app:1",
        "docker://quay.io/app:1, quay.io/app:1"
    })
    void urlIsRefusedWithSuggestion(String written, String suggestion) {
        String message = refused(written);
        assertTrue(message.contains(" starts like a URL, "), message);
        assertTrue(message.contains("write \"" + suggestion + "\""), message);
        ListedImage.parse(suggestion, NAMES);
    }

    @ParameterizedTest
    @CsvSource({"quay.io/app:1 # why", "quay.io/App:1", "quay.io/app:1@sha256:abc", "quay.io/app@", "quay.io/:1"})
    void malformedNameIsRefused(String written) {
        refused(written);
    }

    @Test
    void malformedNameIsNotSuggested() {
        assertEquals("\"{}\" names no registry", refused("{}"));
    }

    @Test
    void defaultNsAppliesToNamesWithoutRegistry() {
        RegistryNames names =
                new RegistryNames(ServerConfig.defaults().with(ServerKeys.DEFAULT_NS, Optional.of("quay.io")));
        assertEquals("quay.io/app:1", ListedImage.parse("app:1", names).toString());
    }

    private static String refused(String written) {
        return assertThrows(RegistryException.class, () -> ListedImage.parse(written, NAMES))
                .getMessage();
    }

    private static String hex(String text) {
        return text.replace("HEX", HEX);
    }
}
