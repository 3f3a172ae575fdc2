package io.ociregistry.oci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
    private static final String A = "sha256:" + "a".repeat(64);
    private static final String B = "sha256:" + "b".repeat(64);
    private static final String IMAGE = "{'schemaVersion':2,'config':{'digest':'" + A + "','size':2},'layers':[]}";
    private static final String DOCKER_IMAGE =
            "{'schemaVersion':2,'config':{'mediaType':'application/vnd.docker.container.image.v1+json','digest':'" + A
                    + "','size':2},'layers':[]}";
    private static final String INDEX = "{'schemaVersion':2,'manifests':[{'digest':'" + A + "','size':7}]}";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "text/plain",
                        "text/html",
                "text/plain; charset=utf-8", "application/octet-stream", "binary/octet-stream", " ", ";", "nonsense",
                "application/x-tar", "image/svg+json"
            })
    void contentDecidesIfHeaderIsGeneric(String declared) {
        assertEquals(MediaType.OCI_INDEX, parse(INDEX, declared).mediaType());
        assertEquals(MediaType.OCI_MANIFEST, parse(IMAGE, declared).mediaType());
        assertEquals(MediaType.DOCKER_MANIFEST, parse(DOCKER_IMAGE, declared).mediaType());
    }

    @ParameterizedTest
    @CsvSource({
        "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.index.v1+json; charset=utf-8, application/vnd.oci.image.index.v1+json",
        "Application/VND.docker.distribution.manifest.list.v2+JSON,"
                + " application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.example.unknown.v9+json, application/vnd.example.unknown.v9+json"
    })
    void headerDecidesIfContentHasNoType(String declared, String type) {
        assertEquals(type, parse(INDEX, declared).mediaType().value());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "text/html", "application/json", "application/vnd.oci.image.index.v1+json", "text/plain"})
    void contentDecidesIfHeaderDiffers(String declared) {
        String docker = IMAGE.replace("{'schema", "{'mediaType':'" + MediaType.DOCKER_MANIFEST + "','schema");
        assertEquals(MediaType.DOCKER_MANIFEST, parse(docker, declared).mediaType());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/vnd.example\\r\\nSet-Cookie: a+json",
                "application/a b+json",
                "application/\\u0000+json",
                "application/é+json",
                "application/a\\\"b+json",
                "application//+json",
                "application/+json",
                "text/html"
            })
    void invalidTypeInContentIsIgnored(String type) {
        String strange = INDEX.replace("{'schema", "{'mediaType':'" + type + "','schema");
        assertEquals(MediaType.OCI_INDEX, parse(strange, "").mediaType());
        assertEquals(
                MediaType.DOCKER_LIST,
                parse(strange, MediaType.DOCKER_LIST.value()).mediaType());
    }

    @Test
    void overlongTypeInContentIsIgnored() {
        String type = "application/" + "a".repeat(10_000) + "+json";
        assertEquals(
                MediaType.OCI_INDEX,
                parse(INDEX.replace("{'schema", "{'mediaType':'" + type + "','schema"), "")
                        .mediaType());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/vnd.docker.distribution.manifest.v1+json",
                "application/vnd.docker.distribution.manifest.v1+prettyjws",
                "application/json",
                "",
                "application/vnd.oci.image.manifest.v1+json"
            })
    void schema1IsRefusedUnderAnyType(String declared) {
        String message = refused("{'schemaVersion':1,'name':'a','fsLayers':[],'signatures':[]}", declared);
        assertTrue(message.contains("schema 1"), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'manifests':[],'layers':[]}",
                "{'manifests':[],'config':{}}",
                "{'manifests':[],'layers':[],'config':{}}",
                "{'mediaType':'application/vnd.oci.image.manifest.v1+json','manifests':[{}],'config':{},'layers':[]}"
            })
    void ambiguousManifestIsRefused(String json) {
        assertTrue(refused(json, MediaType.OCI_INDEX.value()).contains("both"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "null",
                "true",
                "1",
                "'text'",
                "[]",
                "[{}]",
                "{",
                "}",
                "{}",
                "{'a':}",
                "{'schemaVersion':2}",
                "{'layers':[]}",
                "{'manifests':{}}",
                "{'manifests':null}",
                "{'config':[],'layers':{}}",
                "<html><body>Log in</body></html>",
                "\u0000",
                "{'manifests':[]}{}",
                "{'manifests':[]} trailing",
                "{'manifests':[",
                "{'schemaVersion':2,'config':null,'layers':null}"
            })
    void invalidManifestIsBadAnswer(String text) {
        refused(text, "text/html");
    }

    @Test
    void messageQuotesHeaderShortAndPrintable() {
        String message = refused("<html>", "text/html\r\nX: " + "y".repeat(1000));
        assertTrue(message.chars().allMatch(c -> c >= 0x20 && c < 0x7f), message);
        assertTrue(message.length() < 300, message);
    }

    @Test
    void unknownTypeIsKeptAndItsReferencesAreFound() {
        Manifest manifest = parse(
                "{'mediaType':'application/vnd.cncf.oras.artifact.manifest.v1+json','blobs':[{'digest':'" + A
                        + "','size':5}],'subject':{'digest':'" + B + "','size':9}}",
                "");
        assertEquals(
                "application/vnd.cncf.oras.artifact.manifest.v1+json",
                manifest.mediaType().value());
        assertEquals(List.of(Digest.parse(A)), digests(manifest.blobs()));
        assertEquals(Digest.parse(B), manifest.subject().orElseThrow().digest());
        assertEquals(List.of(), manifest.children());
    }

    @Test
    void nestedIndexIsChild() {
        Manifest manifest = parse(
                "{'manifests':[{'mediaType':'" + MediaType.OCI_INDEX + "','digest':'" + A
                        + "','size':1},{'mediaType':'application/vnd.oci.image.manifest.v1+json','digest':'" + B
                        + "','platform':{'os':'linux','architecture':'arm','variant':'v7'}}]}",
                "");
        assertEquals(List.of(Digest.parse(A), Digest.parse(B)), digests(manifest.children()));
        assertTrue(manifest.children().get(0).mediaType().isIndex());
        assertEquals(OptionalLong.of(1), manifest.children().get(0).size());
        assertEquals(OptionalLong.empty(), manifest.children().get(1).size());
        assertEquals(
                "linux/arm/v7",
                manifest.children().get(1).platform().orElseThrow().toString());
        assertEquals(Optional.empty(), manifest.children().get(0).platform());
    }

    @Test
    void descriptorsWithInvalidDigestsAreSkipped() {
        Manifest manifest = parse(
                "{'config':{'digest':'sha256:short'},'layers':[{},null,1,'x',[],{'digest':7},{'digest':'md5:00'},"
                        + "{'digest':'../../etc/passwd'},{'digest':'" + A + "'}],'subject':{'digest':''}}",
                MediaType.OCI_MANIFEST.value());
        assertEquals(List.of(Digest.parse(A)), digests(manifest.blobs()));
        assertEquals(Optional.empty(), manifest.subject());
    }

    @ParameterizedTest
    @CsvSource({
        "5, 5",
        "0, 0",
        "-7,",
        "1.5,",
        "null,",
        "true,",
        "18446744073709551617,",
        "9223372036854775807, 9223372036854775807"
    })
    void invalidSizeIsUnknown(String size, @Nullable Long expected) {
        Manifest manifest = parse("{'config':{'digest':'" + A + "','size':" + size + "},'layers':[]}", "");
        OptionalLong known = expected == null ? OptionalLong.empty() : OptionalLong.of(expected);
        assertEquals(known, manifest.blobs().get(0).size());
    }

    @Test
    void nullArraysAreEmpty() {
        Manifest image = parse(
                "{'schemaVersion':2,'config':{'digest':'" + A + "'},'layers':null}", MediaType.OCI_MANIFEST.value());
        assertEquals(List.of(Digest.parse(A)), digests(image.blobs()));
        assertEquals(
                List.of(),
                parse("{'schemaVersion':2,'manifests':null}", MediaType.OCI_INDEX.value())
                        .children());
        Manifest both = parse("{'manifests':null,'config':{'digest':'" + A + "'},'layers':[]}", "");
        assertEquals(MediaType.OCI_MANIFEST, both.mediaType());
        assertEquals(
                MediaType.OCI_INDEX,
                parse("{'manifests':[],'config':null,'layers':null}", "").mediaType());
    }

    @Test
    void foreignLayersAreRecognizedByType() {
        Manifest manifest = parse(
                "{'config':{'digest':'" + A
                        + "'},'layers':[{'mediaType':'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',"
                        + "'digest':'" + A + "','urls':['http://169.254.169.254/']},{'mediaType':"
                        + "'application/vnd.oci.image.layer.nondistributable.v1.tar','digest':'" + B + "'}]}",
                "");
        assertFalse(manifest.blobs().get(0).isForeign());
        assertTrue(manifest.blobs().get(1).isForeign());
        assertTrue(manifest.blobs().get(2).isForeign());
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":", "{\"manifests\":[", "{\"subject\":"})
    void deepNestingIsRefused(String opening) {
        assertTimeoutPreemptively(Duration.ofSeconds(5), () -> {
            refused(opening.repeat(1_000_000 / opening.length()), MediaType.OCI_INDEX.value());
            refused("{\"manifests\":[],\"annotations\":" + opening.repeat(100_000), MediaType.OCI_INDEX.value());
        });
    }

    @Test
    void numberOfMillionDigitsIsRefused() {
        assertTimeoutPreemptively(
                Duration.ofSeconds(5),
                () -> refused(
                        "{'manifests':[],'schemaVersion':" + "9".repeat(1_000_000) + "}", MediaType.OCI_INDEX.value()));
    }

    @Test
    void bytesAreKeptUnchanged() {
        String strange = " {\n \"manifests\" : [ ] ,\"x\":1.0e1}\n ";
        Manifest manifest = parse(strange, "");
        assertEquals(ByteBuffer.wrap(strange.getBytes(StandardCharsets.UTF_8)), manifest.bytes());
        assertTrue(manifest.bytes().isReadOnly());
        assertEquals(strange.length(), manifest.size());
        assertTrue(manifest.hasDigest(Digest.of(strange.getBytes(StandardCharsets.UTF_8))));
        assertTrue(manifest.hasDigest(Digest.of(Digest.Algorithm.SHA512, strange.getBytes(StandardCharsets.UTF_8))));
        assertFalse(manifest.hasDigest(Digest.parse(A)));
        assertFalse(manifest.hasDigest(Digest.parse("sha512:" + "a".repeat(128))));
    }

    @Property
    void anyBytesAreManifestOrBadAnswer(@ForAll byte[] bytes) {
        assertManifestOrBadAnswer(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0000007bffffffff",
                "7b000000ffffffff",
                "feff007bd800",
                "fffe7b00",
                "0000feff",
                "efbbbf7b",
                "7bff",
                "7b22c328223a317d"
            })
    void textInAnyEncodingIsManifestOrBadAnswer(String hex) {
        assertManifestOrBadAnswer(java.util.HexFormat.of().parseHex(hex));
    }

    private static void assertManifestOrBadAnswer(byte[] bytes) {
        try {
            assertEquals(
                    bytes.length, Manifest.parse(bytes, MediaType.OCI_INDEX).size());
        } catch (RegistryException e) {
            assertEquals(ErrorCode.UPSTREAM_BAD_ANSWER, e.code());
        }
    }

    private static List<Digest> digests(List<Descriptor> descriptors) {
        return descriptors.stream().map(Descriptor::digest).toList();
    }

    private static Manifest parse(String json, String declared) {
        return Manifest.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), new MediaType(declared));
    }

    private static String refused(String json, String declared) {
        RegistryException e = assertThrows(RegistryException.class, () -> parse(json, declared));
        assertEquals(ErrorCode.UPSTREAM_BAD_ANSWER, e.code());
        return e.getMessage();
    }
}
