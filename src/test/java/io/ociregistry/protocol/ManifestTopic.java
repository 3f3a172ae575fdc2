package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests for manifests by tag and by digest. */
abstract class ManifestTopic extends Topic {
    /** The headers that GET and HEAD share. */
    private static final List<String> NAMED =
            List.of("Content-Type", "Content-Length", "Docker-Content-Digest", "ETag", "Warning");

    @Test
    void tagIsFetchedOnceAndServedByTagAndDigest() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        for (String reference : List.of("1", "1", image.digest().toString())) {
            Response answer = get(manifestPath(name, reference, "docker.io"));
            assertEquals(200, answer.status());
            assertHeader(MediaType.OCI_MANIFEST.value(), answer, "Content-Type");
            assertHeader(Integer.toString(image.manifest().length), answer, "Content-Length");
            assertHeader(image.digest().toString(), answer, "Docker-Content-Digest");
            assertHeader(etag(image.digest()), answer, "ETag");
            assertHeader(null, answer, "Warning");
            assertArrayEquals(image.manifest(), answer.body());
        }
        assertEquals(1, hub().requests(Match.manifests().in(name)).size());
    }

    @Test
    void manifestIsFetchedByDigestWithoutTag() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        assertArrayEquals(
                image.manifest(),
                get(manifestPath(name, image.digest().toString(), "docker.io")).body());
        get(manifestPath(name, image.digest().toString(), "docker.io"));
        assertEquals(
                List.of(image.digest().toString()),
                hub().requests(Match.manifests().get().in(name)).stream()
                        .map(request -> request.reference())
                        .toList());
    }

    @Test
    void colonOfDigestMayBeEscaped() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        String escaped = image.digest().toString().replace(":", "%3A");
        assertArrayEquals(
                image.manifest(), get(manifestPath(name, escaped, "docker.io")).body());
    }

    @Test
    void sha512DigestIsAccepted() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        for (int i = 0; i < 2; i++) {
            Response answer = get(manifestPath(name, image.sha512().toString(), "docker.io"));
            assertEquals(200, answer.status());
            assertHeader(image.sha512().toString(), answer, "Docker-Content-Digest");
            assertHeader(etag(image.sha512()), answer, "ETag");
            assertArrayEquals(image.manifest(), answer.body());
        }
        assertEquals(1, hub().requests(Match.manifests().get().in(name)).size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void headHasHeadersOfGet(boolean byDigest) throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        String path = manifestPath(name, byDigest ? image.digest().toString() : "1", "docker.io");
        try (var http = connect()) {
            Response cold = http.send("HEAD", path);
            Response get = http.send("GET", path);
            assertArrayEquals(image.manifest(), get.body());
            Response warm = http.send("HEAD", path);
            assertEquals(200, cold.status());
            for (String header : NAMED) {
                assertHeader(get.header(header), cold, header);
                assertHeader(get.header(header), warm, header);
            }
        }
    }

    @Test
    void headOfTagCachesManifestByDigest() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        head(manifestPath(name, "1", "docker.io"));
        int before = hub().requests(Match.manifests().in(name)).size();
        hub().tag(name, "1", hub().image(name).seed(3).layer(5).push().digest());
        assertArrayEquals(
                image.manifest(),
                get(manifestPath(name, image.digest().toString(), "docker.io")).body());
        assertEquals(before, hub().requests(Match.manifests().in(name)).size());
    }

    @Test
    void matchingIfNoneMatchGets304() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        String path = manifestPath(name, "1", "docker.io");
        for (String held : List.of(etag(image.digest()), "\"other\", " + etag(image.digest()))) {
            Response unchanged = get(path, "If-None-Match: " + held);
            assertEquals(304, unchanged.status());
            assertHeader(etag(image.digest()), unchanged, "ETag");
        }
        assertEquals(200, get(path, "If-None-Match: \"other\"").status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-", "bytes=5-9"})
    void rangeOfManifestIsIgnored(String range) throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Response whole = get(manifestPath(name, "1", "docker.io"), "Range: " + range);
        assertEquals(200, whole.status());
        assertArrayEquals(image.manifest(), whole.body());
    }

    @Test
    void tagsAreCaseSensitive() throws IOException {
        String name = unique() + "/app";
        FakeImage lower = hub().image(name, "rc").layer(5).push();
        FakeImage upper = hub().image(name, "RC").layer(6).push();
        assertArrayEquals(
                lower.manifest(), get(manifestPath(name, "rc", "docker.io")).body());
        assertArrayEquals(
                upper.manifest(), get(manifestPath(name, "RC", "docker.io")).body());
        assertArrayEquals(
                lower.manifest(), get(manifestPath(name, "rc", "docker.io")).body());
    }

    @Test
    void indexIsServedUnchanged() throws IOException {
        String name = unique() + "/app";
        FakeImage amd = hub().image(name).layer(10).push();
        FakeImage arm = hub().image(name).architecture("arm64").layer(11).push();
        FakeIndex index = hub().index(name, "multi", amd, arm);
        Response answer = get(manifestPath(name, "multi", "docker.io"));
        assertHeader(MediaType.OCI_INDEX.value(), answer, "Content-Type");
        assertHeader(index.digest().toString(), answer, "Docker-Content-Digest");
        assertArrayEquals(index.bytes(), answer.body());
        assertArrayEquals(
                arm.manifest(),
                get(manifestPath(name, arm.digest().toString(), "docker.io")).body());
    }

    @Test
    void dockerMediaTypesAreKept() throws IOException {
        String name = unique() + "/app";
        FakeImage image = hub().image(name, "1").docker().layer(10).push();
        FakeIndex list = hub().index(name, "multi", image);
        Response manifest = get(manifestPath(name, "1", "docker.io"));
        assertHeader(MediaType.DOCKER_MANIFEST.value(), manifest, "Content-Type");
        Response answer = get(manifestPath(name, "multi", "docker.io"));
        assertHeader(MediaType.DOCKER_LIST.value(), answer, "Content-Type");
        assertArrayEquals(list.bytes(), answer.body());
    }

    @ParameterizedTest
    @CsvSource({
        "application/vnd.oci.image.manifest.v1+json; charset=utf-8",
        "application/json",
        "application/octet-stream",
        "''"
    })
    void mediaTypeComesFromManifestAndNotFromUpstreamHeader(String sent) throws IOException {
        String name = unique() + "/app";
        push(hub(), name);
        hub().on(Match.manifests().in(name)).always(new Fault.WrongContentType(sent));
        assertHeader(MediaType.OCI_MANIFEST.value(), get(manifestPath(name, "1", "docker.io")), "Content-Type");
    }

    @Test
    void digestIsComputedWithoutUpstreamHeader() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        hub().on(Match.manifests().in(name)).always(new Fault.NoDigestHeader());
        Response answer = head(manifestPath(name, "1", "docker.io"));
        assertEquals(200, answer.status());
        assertHeader(image.digest().toString(), answer, "Docker-Content-Digest");
    }

    @Test
    void getWithBodyIsAccepted() throws IOException {
        String name = unique() + "/app";
        push(hub(), name);
        try (var http = connect()) {
            Response answer = http.sendWithBody("{}", "GET", manifestPath(name, "1", "docker.io"), "Content-Length: 2");
            assertEquals(200, answer.status());
        }
    }
}
