package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors for content that is not cached and that the upstream does not deliver. */
abstract class UpstreamErrorTopic extends Topic {
    @Test
    void missingContentIsUnknown() throws IOException {
        String name = unique() + "/app";
        FakeImage image = push(hub(), name);
        Digest none = Digest.of("none".getBytes(StandardCharsets.UTF_8));
        assertError(404, "MANIFEST_UNKNOWN", get(manifestPath(name, "2", "docker.io")));
        assertError(404, "MANIFEST_UNKNOWN", get(manifestPath(name, none.toString(), "docker.io")));
        assertError(404, "BLOB_UNKNOWN", get(blobPath(name, none, "docker.io")));
        assertEquals(404, head(manifestPath(name, "2", "docker.io")).status());
        assertEquals(404, head(blobPath(name, none, "docker.io")).status());
        assertEquals(200, get(blobPath(name, image.layer(0), "docker.io")).status());
    }

    @ParameterizedTest
    @CsvSource({"401, 403, DENIED", "403, 403, DENIED", "503, 502, UNKNOWN", "500, 502, UNKNOWN", "418, 502, UNKNOWN"})
    void upstreamStatusIsMappedByMeaning(int upstream, int status, String code) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        spare.upstream()
                .on(Match.anything())
                .always(Fault.status(upstream).header("WWW-Authenticate", "Basic realm=\"secret\""));
        Response manifest = get(manifestPath("app", "1", spare.name()));
        assertError(status, code, manifest);
        assertHeader(null, manifest, "WWW-Authenticate");
        Response blob = get(blobPath("app", image.layer(0), spare.name()));
        assertTrue(blob.status() == status || blob.status() == 503, "503: it may be taken for down by now");
        assertHeader(null, blob, "WWW-Authenticate");
    }

    @Test
    void registryThatRequiresMissingAccountIsDenied() throws IOException {
        Stage.Spare spare = stage().spare();
        push(spare.upstream().requireBearer("user", "pw"), "app");
        Response denied = get(manifestPath("app", "1", spare.name()));
        assertError(403, "DENIED", denied);
        assertHeader(null, denied, "WWW-Authenticate");
    }

    @Test
    void registryWithAnonymousTokensIsOpen() throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream().requireAnonymousBearer(), "app");
        assertArrayEquals(
                image.manifest(), get(manifestPath("app", "1", spare.name())).body());
        assertArrayEquals(
                image.layerBytes(0),
                get(blobPath("app", image.layer(0), spare.name())).body());
    }

    @Test
    void clientCredentialsAreNotSentToUpstream() throws IOException {
        String name = unique() + "/app";
        push(hub(), name);
        get(manifestPath(name, "1", "docker.io"), "Authorization: Bearer mine", "Cookie: a=b");
        hub().requests(Match.repository(name)).forEach(request -> {
            assertEquals(Optional.empty(), request.header("Authorization"));
            assertEquals(Optional.empty(), request.header("Cookie"));
        });
    }

    @Test
    void rateLimitOfUpstreamGets429WithRetryAfter() throws IOException {
        Stage.Spare spare = stage().spare();
        push(spare.upstream(), "app");
        spare.upstream().on(Match.anything()).always(Fault.status(429).header("Retry-After", "300"));
        Response limited = get(manifestPath("app", "1", spare.name()));
        assertError(429, "TOOMANYREQUESTS", limited);
        int delay = Integer.parseInt(limited.header("Retry-After"));
        assertTrue(delay > 200 && delay <= 300, "Retry-After: " + delay);
    }

    @Test
    void upstreamThatRefusesConnectionsIsUnavailable() throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        spare.upstream().refuseConnections();
        assertError(503, "UNAVAILABLE", get(manifestPath("app", "1", spare.name())));
        assertError(503, "UNAVAILABLE", get(blobPath("app", image.layer(0), spare.name())));
        assertEquals(503, head(manifestPath("app", "1", spare.name())).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "digest"})
    void htmlPageIsBadAnswerAndNotStored(String reference) throws IOException {
        assertBadAndNotStored(new Fault.Html(), reference.equals("digest"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "digest"})
    void emptyBodyIsBadAnswerAndNotStored(String reference) throws IOException {
        assertBadAndNotStored(new Fault.Empty200(), reference.equals("digest"));
    }

    @Test
    void manifestWithWrongDigestIsNotStored() throws IOException {
        String other = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"manifests\":[]}";
        Fault wrong = Fault.status(200)
                .header("Content-Type", MediaType.OCI_INDEX.value())
                .body(other);
        assertBadAndNotStored(wrong, true);
        assertNotStored(Digest.of(other.getBytes(StandardCharsets.UTF_8)));
    }

    /** Asserts that the bad answer is not stored: after the upstream works again, the server requests it again. */
    private void assertBadAndNotStored(Fault fault, boolean byDigest) throws IOException {
        Stage.Spare spare = stage().spare();
        FakeImage image = push(spare.upstream(), "app");
        String path = manifestPath("app", byDigest ? image.digest().toString() : "1", spare.name());
        spare.upstream().on(Match.manifests()).always(fault);
        assertError(502, "UNKNOWN", get(path));
        assertNotStored(image.digest());
        spare.upstream().heal();
        Response healed = get(path);
        assertEquals(200, healed.status(), healed::toString);
        assertArrayEquals(image.manifest(), healed.body());
    }
}
