package io.ociregistry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MediaTypeTest {
    @ParameterizedTest
    @CsvSource({
        "application/json, application/json",
        "'Application/JSON;charset=utf-8', application/json",
        "' application/json ; q=1;;', application/json",
        "';', ''",
        "'', ''"
    })
    void mediaTypeIsLowerCaseWithoutParameters(String text, String value) {
        assertEquals(value, new MediaType(text).value());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/vnd.oci.image.index.v1+json",
                "application/vnd.docker.distribution.manifest.v2+json",
                "application/vnd.oci.artifact.manifest.v1+json",
                "application/vnd.example.x-y_z+json",
                "application/json"
            })
    void applicationJsonCanBeManifest(String text) {
        assertTrue(new MediaType(text).canBeManifest());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "text/html",
                "text/json",
                "application/octet-stream",
                "+json",
                "application/vnd.oci.image.layer.v1.tar+gzip",
                "application/a b+json",
                "application/a\r\nb: c+json",
                "application/a,application/b+json"
            })
    void otherTypesCannotBeManifest(String text) {
        assertFalse(new MediaType(text).canBeManifest());
    }

    @Test
    void acceptHeaderHasAllTypesExceptSchema1() {
        assertEquals(
                "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json,"
                        + " application/vnd.oci.image.manifest.v1+json,"
                        + " application/vnd.docker.distribution.manifest.v2+json,"
                        + " application/vnd.oci.artifact.manifest.v1+json, */*",
                MediaType.ACCEPT_MANIFESTS);
    }
}
