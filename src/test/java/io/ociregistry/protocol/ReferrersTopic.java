package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The referrers API: signatures and other artifacts that refer to a manifest. */
abstract class ReferrersTopic extends Topic {
    private static final String HEX = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private static final String SBOM = "application/vnd.example.sbom+json";
    private static final String SIGNATURE = "application/vnd.example.signature";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Test
    void everyReferrerKeepsDescriptorOfUpstream() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        FakeImage sbom = refer(hub(), image, SBOM);
        FakeImage signature = refer(hub(), image, SIGNATURE);
        Response answer = get(referrers(name, image.digest(), "ns=docker.io"));
        assertIndex(answer, sbom.digest(), signature.digest());
        assertHeader(null, answer, "OCI-Filters-Applied");
        assertHeader(null, answer, "Warning");
        assertHeader(null, answer, "Link");
        JsonNode first = JSON.readTree(answer.body()).path("manifests").path(0);
        assertEquals(sbom.descriptor().put("artifactType", SBOM), first);
    }

    @Test
    void headHasHeadersOfGet() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        refer(hub(), image, SBOM);
        for (String query : List.of("ns=docker.io", "ns=docker.io&artifactType=" + SBOM)) {
            Response got = get(referrers(name, image.digest(), query));
            Response head = head(referrers(name, image.digest(), query));
            assertEquals(200, head.status());
            for (String header : List.of("Content-Type", "Content-Length", "OCI-Filters-Applied")) {
                assertHeader(got.header(header), head, header);
            }
        }
    }

    @Test
    void serverFiltersByArtifactTypesAndAsksUpstreamOnce() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Digest sbom = refer(hub(), image, SBOM.replace("+", "/")).digest();
        Digest signature = refer(hub(), image, SIGNATURE).digest();
        Digest plus = refer(hub(), image, SBOM).digest();
        String sbomQuery = "artifactType=" + SBOM.replace("+", "%2F");
        assertFiltered(name, image, sbomQuery, sbom);
        assertFiltered(name, image, "artifactType=" + SIGNATURE, signature);
        assertFiltered(name, image, sbomQuery + "&artifactType=" + SIGNATURE, sbom, signature);
        assertFiltered(name, image, "artifactType=" + SBOM.replace("+", "%2B"), plus);
        assertFiltered(name, image, "artifactType=application%2Fnone");
        Response all = get(referrers(name, image.digest(), "artifactType=&ns=docker.io"));
        assertIndex(all, sbom, signature, plus);
        assertHeader(null, all, "OCI-Filters-Applied");
        assertEquals(
                List.of(""),
                hub().requests(Match.of(Kind.REFERRERS).in(name)).stream()
                        .map(request -> request.query())
                        .toList());
    }

    @Test
    void pagesOfUpstreamBecomeOneList() throws IOException {
        Stage.Spare spare = stage().spare();
        spare.upstream().pagesOf(2);
        FakeImage image = push(spare.upstream(), "app");
        List<Digest> all = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            all.add(refer(spare.upstream(), image, SBOM).digest());
        }
        assertIndex(get(referrers("app", image.digest(), "ns=" + spare.name())), all.toArray(new Digest[0]));
        assertEquals(3, spare.upstream().requests(Match.of(Kind.REFERRERS)).size());
    }

    @Test
    void listedReferrerCanBePulled() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        FakeImage sbom = refer(hub(), image, SBOM);
        get(referrers(name, image.digest(), "ns=docker.io"));
        assertArrayEquals(
                sbom.manifest(),
                get(manifestPath(name, sbom.digest().toString(), "docker.io")).body());
        assertArrayEquals(
                sbom.layerBytes(0),
                get(blobPath(name, sbom.layer(0), "docker.io")).body());
    }

    @Test
    void listWithoutReferrersIsEmpty() throws IOException {
        String name = unique() + "/app";
        assertIndex(get(referrers(name, push(hub(), name).digest(), "ns=docker.io")));
        assertIndex(get(referrers(unique() + "/none", Digest.parse("sha256:" + HEX), "ns=docker.io")));
    }

    static Stream<Fault> answersOfRegistriesWithoutApi() {
        return Stream.of(
                Fault.status(404),
                Fault.status(400),
                Fault.status(405),
                Fault.status(406),
                // ghcr.io does this: artifacthub/hub#4785
                Fault.status(303).header("Location", "https://web.invalid/-/v2/packages"),
                Fault.status(200).header("Content-Type", "application/json").body("{}"),
                Fault.status(200)
                        .header("Content-Type", MediaType.OCI_INDEX.value())
                        .body("{}"),
                new Fault.WrongContentType("application/json"),
                new Fault.Html());
    }

    @ParameterizedTest
    @MethodSource("answersOfRegistriesWithoutApi")
    void fallbackTagIsUsedForRegistryWithoutApi(Fault noApi) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        FakeImage sbom = refer(spare.upstream(), image, SBOM);
        String index = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"manifests\":["
                + sbom.descriptor().put("artifactType", SBOM) + "]}";
        spare.upstream()
                .manifest(
                        "app",
                        "sha256-" + image.digest().hex(),
                        MediaType.OCI_INDEX,
                        index.getBytes(StandardCharsets.UTF_8));
        spare.upstream().on(Match.of(Kind.REFERRERS)).always(noApi);
        String path = referrers("app", image.digest(), "ns=" + spare.name());
        assertIndex(get(path), sbom.digest());
        Response filtered = get(path + "&artifactType=" + SIGNATURE);
        assertIndex(filtered);
        assertHeader("artifactType", filtered, "OCI-Filters-Applied");
    }

    @ParameterizedTest
    @MethodSource("answersOfRegistriesWithoutApi")
    void missingFallbackTagMeansEmptyList(Fault noApi) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        spare.upstream().on(Match.of(Kind.REFERRERS)).always(noApi);
        String path = referrers("app", image.digest(), "ns=" + spare.name());
        assertIndex(get(path));
        assertIndex(get(path));
        assertEquals(2, spare.upstream().requests().size(), "it is not asked again in the next moment");
    }

    static Stream<Fault> failures() {
        return Stream.of(
                Fault.status(500),
                Fault.status(503),
                new Fault.Empty200(),
                new Fault.Corrupt(),
                new Fault.NoContentLength().and(new Fault.ShortBody(60)),
                new Fault.ShortBody(60),
                new Fault.ResetBeforeHeaders(),
                new Fault.RedirectLoop(),
                new Fault.WrongLink("</v2/app/referrers/x?page=0>; rel=\"next\""));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void upstreamFailureIsErrorAndNotEmptyList(Fault failure) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        Digest sbom = refer(spare.upstream(), image, SBOM).digest();
        spare.upstream().on(Match.of(Kind.REFERRERS)).always(failure);
        String path = referrers("app", image.digest(), "ns=" + spare.name());
        assertError(502, "UNKNOWN", get(path));
        spare.upstream().heal();
        assertIndex(get(path), sbom);
    }

    @ParameterizedTest
    @CsvSource({"401, 403, DENIED", "403, 403, DENIED", "429, 429, TOOMANYREQUESTS"})
    void upstreamRefusalIsError(int status, int ours, String code) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        spare.upstream().on(Match.of(Kind.REFERRERS)).always(Fault.status(status));
        assertError(ours, code, get(referrers("app", image.digest(), "ns=" + spare.name())));
    }

    @Test
    void upstreamFailureAtFallbackTagIsError() throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        spare.upstream().on(Match.of(Kind.REFERRERS)).always(Fault.status(404));
        spare.upstream().on(Match.manifests()).always(Fault.status(503));
        assertError(502, "UNKNOWN", get(referrers("app", image.digest(), "ns=" + spare.name())));
    }

    @Test
    void unreachableUpstreamIsUnavailable() throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        get(manifestPath("app", image.digest().toString(), spare.name()));
        spare.upstream().refuseConnections();
        assertError(503, "UNAVAILABLE", get(referrers("app", image.digest(), "ns=" + spare.name())));
        assertEquals(
                503,
                head(referrers("app", image.digest(), "ns=" + spare.name())).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"latest", "sha256:x", "sha256:" + HEX + "0", "md5:0123456789abcdef0123456789abcdef"})
    void invalidSubjectDigestIsBadRequest(String subject) throws IOException {
        String name = unique() + "/app";
        assertError(400, "DIGEST_INVALID", get("/v2/" + name + "/referrers/" + subject + "?ns=docker.io"));
        assertEquals(0, hub().requests(Match.repository(name)).size());
    }

    private static FakeImage refer(FakeUpstream upstream, FakeImage subject, String type) {
        return upstream.image(subject.repository())
                .seed(seed())
                .subject(subject, type)
                .layer(77)
                .push();
    }

    private static String referrers(String name, Digest subject, String query) {
        return "/v2/" + name + "/referrers/" + subject + "?" + query;
    }

    private void assertFiltered(String name, FakeImage image, String query, Digest... expected) throws IOException {
        Response answer = get(referrers(name, image.digest(), query + "&ns=docker.io"));
        assertIndex(answer, expected);
        assertHeader("artifactType", answer, "OCI-Filters-Applied");
    }

    /** Asserts a complete image index that lists exactly these digests. */
    private static void assertIndex(Response answer, Digest... digests) throws IOException {
        assertEquals(200, answer.status(), answer::toString);
        assertHeader(MediaType.OCI_INDEX.value(), answer, "Content-Type");
        JsonNode index = JSON.readTree(answer.body());
        assertTrue(answer.complete());
        assertEquals(2, index.path("schemaVersion").intValue());
        assertEquals(MediaType.OCI_INDEX.value(), index.path("mediaType").textValue());
        assertTrue(index.path("manifests").isArray(), index::toString);
        List<String> listed = new ArrayList<>();
        index.path("manifests").forEach(each -> listed.add(each.path("digest").asText()));
        assertEquals(Stream.of(digests).map(Digest::toString).toList(), listed);
    }
}
