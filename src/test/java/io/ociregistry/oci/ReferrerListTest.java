package io.ociregistry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReferrerListTest {
    private static final String HEAD =
            "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":";
    private static final String ONE =
            "{\"digest\":\"sha256:" + "1".repeat(64) + "\",\"artifactType\":\"a/b\",\"x\":{\"y\":[1.50]}}";
    private static final String TWO = "{\"digest\":\"sha256:" + "2".repeat(64) + "\",\"artifactType\":\"c/d\"}";
    private static final String NONE = "{\"digest\":\"sha256:" + "3".repeat(64) + "\"}";

    @Test
    void descriptorsAreKeptUnchanged() {
        String index = HEAD + "[" + ONE + "," + NONE + "]}";
        assertEquals(index.replace("1.50", "1.5"), text(parse(index).orElseThrow()));
    }

    @Test
    void descriptorWithoutValidDigestIsLeftOut() {
        assertEquals(
                HEAD + "[" + TWO + "]}",
                text(parse(HEAD + "[{\"digest\":\"md5:1\"},7,null,{},\"x\"," + TWO + "]}")
                        .orElseThrow()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"schemaVersion\":2,\"manifests\":[]}", "{\"schemaVersion\":2,\"manifests\":null}"})
    void indexMayBeEmpty(String json) {
        assertEquals(HEAD + "[]}", text(parse(json).orElseThrow()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "[]",
                "{}",
                "{\"errors\":[]}",
                "{\"manifests\":[]}",
                "{\"schemaVersion\":1,\"manifests\":[]}",
                "{\"schemaVersion\":2}",
                "{\"schemaVersion\":2,\"manifests\":{}}"
            })
    void otherJsonIsNotIndex(String json) {
        assertEquals(Optional.empty(), parse(json).map(ReferrerListTest::text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "<html>", "{\"schemaVersion\":2,\"manifests\":[", "{\"schemaVersion\":2,\"manifests\":[]}{}"
            })
    void truncatedJsonIsBadAnswer(String json) {
        assertEquals(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                assertThrows(RegistryException.class, () -> parse(json)).code());
    }

    @Test
    void referrersAreFilteredByArtifactType() {
        ReferrerList all =
                parse(HEAD + "[" + ONE + "," + TWO + "," + NONE + "]}").orElseThrow();
        assertEquals(HEAD + "[" + TWO + "]}", text(all.withArtifactTypes(List.of("c/d"))));
        assertEquals(HEAD + "[]}", text(all.withArtifactTypes(List.of("c"))));
    }

    @Test
    void firstDescriptorOfDigestWins() {
        ReferrerList both = ReferrerList.merged(List.of(
                parse(HEAD + "[" + TWO + "]}").orElseThrow(),
                parse(HEAD + "[" + TWO.replace("c/d", "e/f") + "," + NONE + "]}")
                        .orElseThrow()));
        assertEquals(HEAD + "[" + TWO + "," + NONE + "]}", text(both));
    }

    @Test
    void descriptorOfManifestIsAsRegistryListsIt() {
        assertEquals(
                "\"artifactType\":\"a/b\",\"annotations\":{\"k\":\"v\"}",
                described("\"artifactType\":\"a/b\",\"annotations\":{\"k\":\"v\"},"
                        + "\"config\":{\"mediaType\":\"c/d\"},\"layers\":[]"));
        assertEquals("\"artifactType\":\"c/d\"", described("\"config\":{\"mediaType\":\"c/d\"},\"layers\":[]"));
        assertEquals("", described("\"manifests\":[]"));
    }

    private static String described(String fields) {
        Manifest manifest = Manifest.parse(
                ("{\"schemaVersion\":2," + fields + "}").getBytes(StandardCharsets.UTF_8), MediaType.NONE);
        String start = HEAD + "[{\"mediaType\":\"" + manifest.mediaType() + "\",\"digest\":\"" + manifest.digest()
                + "\",\"size\":" + manifest.size();
        String json = text(ReferrerList.of(manifest));
        assertTrue(json.startsWith(start), json);
        return json.substring(start.length(), json.length() - 3).replaceFirst("^,", "");
    }

    private static Optional<ReferrerList> parse(String json) {
        return ReferrerList.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(ReferrerList list) {
        return new String(list.toJson(), StandardCharsets.UTF_8);
    }
}
