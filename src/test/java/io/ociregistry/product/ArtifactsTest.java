package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Serves artifacts of every kind, such as charts, signatures and nested indexes, byte for byte as they were pushed. */
class ArtifactsTest extends Scenario {
    private static final String REPOSITORY = "team/thing";
    private static final String OCI_MANIFEST = MediaType.OCI_MANIFEST.value();
    private static final String OCI_INDEX = MediaType.OCI_INDEX.value();
    private static final String SUBJECT = "sha256:" + "5".repeat(64);

    /** An artifact to push: manifests by their tags, or by "-1" and "-2" if they have none, and blobs. */
    private static final class Artifact {
        private final String name;
        private final Map<String, Document> manifests = new LinkedHashMap<>();
        private final List<Content> blobs = new ArrayList<>();

        @SuppressWarnings("ArrayRecordComponent") // never compared
        private record Document(String type, byte[] bytes) {}

        Artifact(String name) {
            this.name = name;
        }

        /** Adds a blob and returns its descriptor. */
        String blob(String type, Content content) {
            blobs.add(content);
            return descriptor(type, content.digest(Digest.Algorithm.SHA256), content.size(), "");
        }

        /** Adds a manifest, written with ' for ", and returns its descriptor. */
        String manifest(String tag, String type, String json) {
            byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
            manifests.put(tag.isEmpty() ? "-" + manifests.size() : tag, new Document(type, bytes));
            return descriptor(type, Digest.of(bytes), bytes.length, "");
        }

        void push(FakeUpstream upstream) {
            blobs.forEach(blob -> upstream.blob(REPOSITORY, blob));
            manifests.forEach((tag, document) -> {
                Digest digest = upstream.manifest(REPOSITORY, new MediaType(document.type), document.bytes);
                if (!tag.startsWith("-")) {
                    upstream.tag(REPOSITORY, tag, digest);
                }
            });
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Artifact> artifacts() {
        return Stream.of(
                helmChart(),
                cosignSignature(),
                attestedImage(),
                nestedIndexes(),
                zstdImage(),
                emptyConfig(),
                artifactManifest(),
                orasManifest(),
                wasm(),
                unknownType());
    }

    private static Artifact helmChart() {
        Artifact chart = new Artifact("helm chart");
        String config = chart.blob("application/vnd.cncf.helm.config.v1+json", Content.of("{\"name\":\"thing\"}"));
        String content = chart.blob("application/vnd.cncf.helm.chart.content.v1.tar+gzip", Content.random(1, 3000));
        String provenance = chart.blob("application/vnd.cncf.helm.chart.provenance.v1.prov", Content.random(2, 500));
        chart.manifest("1.2.3_build.4", OCI_MANIFEST, image(config, content, provenance));
        return chart;
    }

    private static Artifact cosignSignature() {
        Artifact signature = new Artifact("cosign signature and attestation");
        String config = signature.blob("application/vnd.oci.image.config.v1+json", Content.of("{\"os\":\"\"}"));
        String payload =
                signature.blob("application/vnd.dev.cosign.simplesigning.v1+json", Content.of("{\"critical\":{}}"));
        String envelope = signature.blob("application/vnd.dsse.envelope.v1+json", Content.of("{\"payload\":\"\"}"));
        String tag = SUBJECT.replace(':', '-');
        signature.manifest(tag + ".sig", OCI_MANIFEST, image(config, payload));
        signature.manifest(tag + ".att", OCI_MANIFEST, image(config, envelope));
        return signature;
    }

    private static Artifact attestedImage() {
        Artifact attested = new Artifact("image with attestations");
        String image = image(attested);
        String statement = attested.blob("application/vnd.in-toto+json", Content.of("{\"_type\":\"statement\"}"));
        String config = attested.blob("application/vnd.oci.image.config.v1+json", Content.of("{\"os\":\"unknown\"}"));
        String child = attested.manifest("", OCI_MANIFEST, image(config, statement))
                .replace(
                        "}",
                        ",'platform':{'architecture':'unknown','os':'unknown'},"
                                + "'annotations':{'vnd.docker.reference.type':'attestation-manifest'}}");
        attested.manifest("attested", OCI_INDEX, index(image, child));
        return attested;
    }

    private static Artifact nestedIndexes() {
        Artifact nested = new Artifact("nested indexes");
        String inner = nested.manifest("", OCI_INDEX, index(image(nested)));
        String list = nested.manifest(
                "", MediaType.DOCKER_LIST.value(), index(inner).replace(OCI_INDEX, MediaType.DOCKER_LIST.value()));
        nested.manifest("nested", OCI_INDEX, index(inner, list));
        return nested;
    }

    /** An image whose layers start with the headers of zstd and gzip, which a proxy may try to decompress. */
    private static Artifact zstdImage() {
        Artifact zstd = new Artifact("zstd and gzip layers");
        String config = zstd.blob("application/vnd.oci.image.config.v1+json", Content.of("{\"rootfs\":{}}"));
        byte[] frame = Content.random(3, 2000).bytes();
        System.arraycopy(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd}, 0, frame, 0, 4);
        byte[] member = Content.random(4, 2000).bytes();
        System.arraycopy(new byte[] {0x1f, (byte) 0x8b, 8, 0}, 0, member, 0, 4);
        zstd.manifest(
                "zstd",
                OCI_MANIFEST,
                image(
                        config,
                        zstd.blob("application/vnd.oci.image.layer.v1.tar+zstd", Content.of(frame)),
                        zstd.blob("application/vnd.oci.image.layer.v1.tar+gzip", Content.of(member))));
        return zstd;
    }

    private static Artifact emptyConfig() {
        Artifact empty = new Artifact("empty config, layer twice, and a subject");
        String type = "application/vnd.oci.empty.v1+json";
        String descriptor = empty.blob(type, Content.of("{}")).replace("}", ",'data':'e30='}");
        assertTrue(descriptor.contains("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"), descriptor);
        empty.manifest(
                "empty",
                OCI_MANIFEST,
                image(descriptor, descriptor, descriptor)
                        .replaceFirst(
                                "\\{",
                                "{'artifactType':'application/x','subject':"
                                        + descriptor(OCI_MANIFEST, Digest.parse(SUBJECT), 7, "") + ","));
        return empty;
    }

    private static Artifact artifactManifest() {
        Artifact artifact = new Artifact("artifact manifest with blobs");
        String blob = artifact.blob("application/x", Content.random(5, 100));
        artifact.manifest(
                "artifact",
                MediaType.OCI_ARTIFACT.value(),
                "{'mediaType':'" + MediaType.OCI_ARTIFACT + "','artifactType':'application/x','blobs':[" + blob + "]}");
        return artifact;
    }

    private static Artifact orasManifest() {
        Artifact artifact = new Artifact("ORAS manifest with blobs");
        String blob = artifact.blob("application/x", Content.random(6, 100));
        String type = "application/vnd.cncf.oras.artifact.manifest.v1+json";
        artifact.manifest("oras", type, "{'mediaType':'" + type + "','blobs':[" + blob + "],'subject':{}}");
        return artifact;
    }

    private static Artifact wasm() {
        Artifact wasm = new Artifact("wasm");
        wasm.manifest(
                "wasm",
                OCI_MANIFEST,
                image(
                        wasm.blob("application/vnd.wasm.config.v0+json", Content.of("{\"layerDigests\":[]}")),
                        wasm.blob("application/wasm", Content.of("\0asm\1\0\0\0"))));
        return wasm;
    }

    private static Artifact unknownType() {
        Artifact unknown = new Artifact("unknown manifest type");
        String blob = unknown.blob("application/x", Content.random(7, 100));
        unknown.manifest(
                "unknown",
                "application/vnd.example.thing.v9+json",
                " {\n'later' : [1.50, 'é', null] ,'layers' : [" + blob + "], 'a':1, 'a':2 }\r\n");
        return unknown;
    }

    @ParameterizedTest
    @MethodSource("artifacts")
    void artifactIsServedUnchangedAlsoWithoutUpstream(Artifact artifact) throws Exception {
        artifact.push(upstream);
        assertServed(artifact);
        int before = upstream.requests().size();
        assertServed(artifact);
        assertEquals(
                before, upstream.requests().size(), () -> upstream.requests().toString());
        upstream.refuseConnections();
        registry.restart();
        assertServed(artifact);
    }

    private void assertServed(Artifact artifact) throws IOException {
        for (var entry : artifact.manifests.entrySet()) {
            Artifact.Document document = entry.getValue();
            Digest digest = Digest.of(document.bytes);
            if (!entry.getKey().startsWith("-")) {
                assertManifest(document, fetch("/manifests/" + entry.getKey()));
            }
            assertManifest(document, fetch("/manifests/" + digest));
            assertEquals(404, fetch("/blobs/" + digest).status(), "a manifest is no blob");
        }
        for (Content blob : artifact.blobs) {
            Response answer = fetch("/blobs/" + blob.digest(Digest.Algorithm.SHA256));
            assertEquals(200, answer.status());
            assertEquals("application/octet-stream", answer.header("Content-Type"));
            assertNull(answer.header("Content-Encoding"));
            assertArrayEquals(blob.bytes(), answer.body());
        }
    }

    private static void assertManifest(Artifact.Document expected, Response answer) throws IOException {
        assertEquals(200, answer.status());
        assertEquals(expected.type, answer.header("Content-Type"));
        assertEquals(Digest.of(expected.bytes).toString(), answer.header("Docker-Content-Digest"));
        assertNull(answer.header("Content-Encoding"));
        assertArrayEquals(expected.bytes, answer.body());
    }

    @ParameterizedTest
    @ValueSource(strings = {".sig", ".att", ".sbom", ""})
    void missingSignatureIs404UntilItIsPushed(String suffix) throws Exception {
        Artifact signature = cosignSignature();
        upstream.image(REPOSITORY, "1").push();
        String tag = SUBJECT.replace(':', '-') + suffix;
        Response none = fetch("/manifests/" + tag);
        assertEquals(404, none.status());
        assertTrue(none.text().contains("MANIFEST_UNKNOWN"), none.text());
        signature.push(upstream);
        Artifact.Document signed = signature.manifests.values().iterator().next();
        upstream.tag(REPOSITORY, tag, Digest.of(signed.bytes));
        registry.restart();
        assertManifest(signed, fetch("/manifests/" + tag));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 429, 500, 503})
    void failedUpstreamIsNoMissingSignature(int status) throws Exception {
        upstream.on(Match.anything()).always(Fault.status(status));
        int answered = fetch("/manifests/" + SUBJECT.replace(':', '-') + ".sig").status();
        assertEquals(status >= 500 ? 502 : status == 401 ? 403 : status, answered);
    }

    @Test
    void foreignLayerIsNotFetchedFromItsUrl() throws Exception {
        FakeUpstream elsewhere = FakeUpstream.start();
        try (elsewhere) {
            Artifact windows = new Artifact("windows image");
            Content foreign = Content.random(8, 4000);
            String config =
                    windows.blob("application/vnd.docker.container.image.v1+json", Content.of("{\"os\":\"windows\"}"));
            String near = windows.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", Content.random(9, 100));
            String url = elsewhere.url() + "/v2/" + REPOSITORY + "/blobs/" + foreign.digest(Digest.Algorithm.SHA256);
            String far = descriptor(
                    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                    foreign.digest(Digest.Algorithm.SHA256),
                    foreign.size(),
                    ",'urls':['" + url + "']");
            windows.manifest(
                    "windows",
                    MediaType.DOCKER_MANIFEST.value(),
                    image(config, far, near).replace(OCI_MANIFEST, MediaType.DOCKER_MANIFEST.value()));
            windows.push(upstream);
            elsewhere.blob(REPOSITORY, foreign);

            assertServed(windows);
            Match blob = Match.blob(foreign.digest(Digest.Algorithm.SHA256));
            assertEquals(0, upstream.requests(blob).size(), "it is not prefetched");
            Response missing = fetch("/blobs/" + foreign.digest(Digest.Algorithm.SHA256));
            assertEquals(404, missing.status());
            assertTrue(missing.text().contains("BLOB_UNKNOWN"), missing.text());
            assertEquals(1, upstream.requests(blob).size());
            assertEquals(List.of(), elsewhere.requests());

            upstream.blob(REPOSITORY, foreign);
            registry.restart();
            assertArrayEquals(
                    foreign.bytes(),
                    fetch("/blobs/" + foreign.digest(Digest.Algorithm.SHA256)).body());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/vnd.docker.distribution.manifest.v1+prettyjws",
                "application/vnd.docker.distribution.manifest.v1+json",
                "application/json"
            })
    void schema1IsRefusedAndNotStored(String type) throws Exception {
        Content layer = Content.random(10, 100);
        upstream.blob(REPOSITORY, layer);
        String signatures = type.endsWith("prettyjws") ? ",'signatures':[{'protected':'e30'}]" : "";
        String json = "{'schemaVersion':1,'name':'x','tag':'old','fsLayers':[{'blobSum':'"
                + layer.digest(Digest.Algorithm.SHA256) + "'}]" + signatures + "}";
        Digest digest = upstream.manifest(
                REPOSITORY, "old", new MediaType(type), json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        for (String reference : List.of("old", digest.toString())) {
            Response refused = fetch("/manifests/" + reference);
            assertEquals(502, refused.status());
            assertTrue(refused.text().contains("schema 1"), refused.text());
            assertEquals(502, head(path("/manifests/" + reference)).status());
        }
        registry.restart();
        for (String directory : List.of("img", "fat", "other", "blobs")) {
            try (var files = Files.list(images.resolve(directory))) {
                assertEquals(List.of(), files.toList());
            }
        }
    }

    @Test
    void tagThatMovesToSchema1KeepsItsManifest() throws Exception {
        FakeImage image = upstream.image(REPOSITORY, "moving").layer(10).push();
        startWith("  tags: [{pattern: '*', policy: always}]\n");
        fetch("/manifests/moving");
        byte[] old = "{\"schemaVersion\":1,\"fsLayers\":[]}".getBytes(StandardCharsets.UTF_8);
        upstream.manifest(
                REPOSITORY, "moving", new MediaType("application/vnd.docker.distribution.manifest.v1+prettyjws"), old);
        Response answer = fetch("/manifests/moving");
        assertArrayEquals(image.manifest(), answer.body());
        assertTrue(String.valueOf(answer.header("Warning")).contains("schema 1"), answer::toString);
    }

    private static String image(Artifact artifact) {
        String config = artifact.blob("application/vnd.oci.image.config.v1+json", Content.of("{\"os\":\"linux\"}"));
        String layer = artifact.blob("application/vnd.oci.image.layer.v1.tar+gzip", Content.random(11, 300));
        return artifact.manifest("", OCI_MANIFEST, image(config, layer));
    }

    private static String image(String config, String... layers) {
        return "{'schemaVersion':2,'mediaType':'" + OCI_MANIFEST + "','config':" + config + ",'layers':["
                + String.join(",", layers) + "]}";
    }

    private static String index(String... manifests) {
        return "{'schemaVersion':2,'mediaType':'" + OCI_INDEX + "','manifests':[" + String.join(",", manifests) + "]}";
    }

    private static String descriptor(String type, Digest digest, long size, String more) {
        return "{'mediaType':'" + type + "','digest':'" + digest + "','size':" + size + more + "}";
    }

    private static String path(String rest) {
        return "/v2/" + REPOSITORY + rest + "?ns=r.example";
    }

    /** Gets like containerd, which accepts compressed answers and decompresses them. */
    private Response fetch(String rest) throws IOException {
        return RawHttp.get(registry.base(), path(rest), "Accept-Encoding: zstd;q=1.0, gzip;q=0.8, deflate;q=0.5");
    }
}
