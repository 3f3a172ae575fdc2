package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests for whole blobs. */
abstract class BlobTopic extends Topic {
    private static final List<String> NAMED = List.of(
            "Content-Type",
            "Content-Length",
            "Docker-Content-Digest",
            "ETag",
            "Accept-Ranges",
            "Content-Range",
            "Warning");

    @Test
    void blobIsFetchedOnceAndThenServedFromCache() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        for (int i = 0; i < 3; i++) {
            Response answer = get(blobPath(name, image.layer(0), "docker.io"));
            assertEquals(200, answer.status());
            assertHeader("application/octet-stream", answer, "Content-Type");
            assertHeader("100000", answer, "Content-Length");
            assertHeader(image.layer(0).toString(), answer, "Docker-Content-Digest");
            assertHeader(etag(image.layer(0)), answer, "ETag");
            assertHeader("bytes", answer, "Accept-Ranges");
            assertHeader(null, answer, "Content-Range");
            assertArrayEquals(image.layerBytes(0), answer.body());
            assertTrue(answer.complete());
        }
        assertEquals(1, hub().requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void everyBlobOfImageCanBePulled() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        get(manifestPath(name, "1", "docker.io"));
        for (FakeImage.Blob blob :
                List.of(image.config(), image.layers().get(0), image.layers().get(1))) {
            Response answer = get(blobPath(name, blob.digest(), "docker.io"));
            assertTrue(blob.content().sameAs(answer.body()));
            assertEquals(
                    1, hub().requests(Match.blob(blob.digest()).get().in(name)).size());
        }
    }

    @Test
    void headOfCachedBlobHasHeadersOfGet() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        String path = blobPath(name, image.layer(0), "docker.io");
        try (var http = connect()) {
            Response get = http.send("GET", path);
            assertArrayEquals(image.layerBytes(0), get.body());
            Response head = http.send("HEAD", path);
            assertEquals(200, head.status());
            for (String header : NAMED) {
                assertHeader(get.header(header), head, header);
            }
            assertEquals("{}", http.send("GET", "/v2/").text());
        }
    }

    @Test
    void headOfUncachedBlobSendsOneHeadAndDownloadsNothing() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Response head = head(blobPath(name, image.layer(0), "docker.io"));
        assertEquals(200, head.status());
        assertHeader("application/octet-stream", head, "Content-Type");
        assertHeader("100000", head, "Content-Length");
        assertHeader(image.layer(0).toString(), head, "Docker-Content-Digest");
        assertHeader("bytes", head, "Accept-Ranges");
        assertEquals(1, hub().requests(Match.blob(image.layer(0)).head()).size());
        assertEquals(0, hub().requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void emptyBlobIsServed() throws IOException {
        String name = unique() + "/app";
        Digest empty = hub().blob(name, Content.of(""));
        for (int i = 0; i < 2; i++) {
            Response answer = get(blobPath(name, empty, "docker.io"));
            assertEquals(200, answer.status());
            assertHeader("0", answer, "Content-Length");
            assertHeader(empty.toString(), answer, "Docker-Content-Digest");
            assertEquals(0, answer.body().length);
        }
        assertTrue(
                hub().requests(Match.blob(empty).get().in(name)).size() <= 1,
                "at most one request; none if another test has already cached the empty blob");
    }

    @Test
    void sha512DigestIsAccepted() throws IOException {
        String name = unique() + "/app";
        Content content = Content.random(512, 70_000);
        hub().blob(name, content);
        Digest digest = content.digest(Digest.Algorithm.SHA512);
        for (int i = 0; i < 2; i++) {
            Response answer = get(blobPath(name, digest, "docker.io"));
            assertEquals(200, answer.status());
            assertHeader(digest.toString(), answer, "Docker-Content-Digest");
            assertArrayEquals(content.bytes(), answer.body());
        }
        assertEquals(1, hub().requests(Match.blob(digest).get()).size());
    }

    @Test
    void matchingIfNoneMatchGets304() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        String path = blobPath(name, image.layer(0), "docker.io");
        assertEquals(200, get(path).status());
        Response unchanged = get(path, "If-None-Match: " + etag(image.layer(0)));
        assertEquals(304, unchanged.status());
        assertHeader(etag(image.layer(0)), unchanged, "ETag");
    }

    @Test
    void manifestIsNotServedAsBlob() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        get(manifestPath(name, "1", "docker.io"));
        assertError(404, "BLOB_UNKNOWN", get(blobPath(name, image.digest(), "docker.io")));
    }

    @Test
    void upstreamRedirectIsFollowedByServer() throws IOException {
        Stage.Spare origin = stage().spare();
        Stage.Spare storage = stage().spare();
        FakeImage image = push(origin.upstream(), "app");
        origin.upstream().redirectBlobsTo(storage.upstream());
        Response answer = get(blobPath("app", image.layer(0), origin.name()));
        assertEquals(200, answer.status());
        assertHeader(null, answer, "Location");
        assertArrayEquals(image.layerBytes(0), answer.body());
        assertEquals(
                1, storage.upstream().requests(Match.blob(image.layer(0)).get()).size());
    }

    @Test
    void blobWithoutContentLengthIsServedWhole() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        hub().on(Match.blob(image.layer(0))).always(new Fault.Chunked());
        Response answer = get(blobPath(name, image.layer(0), "docker.io"));
        assertEquals(200, answer.status());
        assertArrayEquals(image.layerBytes(0), answer.body());
        assertTrue(answer.complete());
    }
}
