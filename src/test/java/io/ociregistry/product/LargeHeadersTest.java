package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads headers of clients and upstreams that are larger than the 8 KiB of most HTTP libraries. */
class LargeHeadersTest extends Scenario {
    private static final int LARGE = 20_000;
    private static final int TOKEN = 32 << 10;

    /** Podman requests the chunks of a layer like this, and requests half as many after a 400. */
    @Test
    void manyRangesAreRefusedUntilTheyAreFewEnough() throws Exception {
        Digest blob = upstream.blob("app", Content.random(1, 3_000_000));
        assertEquals(400, ranges(blob, 1024).status());
        assertEquals(400, ranges(blob, 128).status());
        assertEquals(206, ranges(blob, 64).status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Authorization", "Accept", "Cookie"})
    void headerOfTokenSizeIsRead(String name) throws Exception {
        FakeImage image = upstream.image("app", "1").layer(10).push();
        String value = "Bearer " + "a".repeat(TOKEN);
        assertEquals(
                200,
                getWith(manifest("app", image.digest()), name + ": " + value).status());
    }

    @Test
    void challengeTokenAndRedirectOfUpstreamMayBeLong() throws Exception {
        Content content = Content.random(1, 1000);
        Digest blob = upstream.blob("app", content);
        String token = "t".repeat(TOKEN);
        String realm = upstream.url() + "/token?x=" + "y".repeat(LARGE);
        upstream.on(Match.blobs().get())
                .once(Fault.status(401).header("WWW-Authenticate", "Bearer realm=\"" + realm + "\""));
        upstream.on(Match.of(Recorded.Kind.TOKEN))
                .always(Fault.status(200)
                        .body("{\"token\":\"" + token + "\",\"access_token\":\"" + token + "\",\"refresh_token\":\""
                                + token + "\"}"));
        upstream.on(Match.blobs().get())
                .once(new Fault.RedirectTo("/v2/app/blobs/" + blob + "?signature=" + "s".repeat(LARGE)));

        assertArrayEquals(content.bytes(), get(blob("app", blob)).body());

        List<Recorded> gets = upstream.requests(Match.blobs().get());
        assertEquals("Bearer " + token, gets.get(1).header("Authorization").orElseThrow());
        assertTrue(gets.get(2).query().length() > LARGE);
    }

    @Test
    void linkOfUpstreamMayBeLong() throws Exception {
        upstream.image("app", "1").layer(10).push();
        upstream.on(Match.of(Recorded.Kind.TAGS))
                .once(new Fault.WrongLink("<?last=0&token=" + "t".repeat(LARGE) + ">; rel=\"next\""));
        assertEquals(
                "{\"name\":\"app\",\"tags\":[\"1\"]}",
                get("/v2/app/tags/list?ns=r.example").text());
    }

    @Test
    void endlessHeadersAreBadAnswer() throws Exception {
        FakeImage image = upstream.image("app", "1").layer(10).push();
        upstream.on(Match.manifests()).once(new Fault.OtherHeader("X", "x".repeat(1 << 17)));
        Response answer = get(manifest("app", "1"));
        assertEquals(502, answer.status());
        assertTrue(answer.text().contains("too large"), answer::toString);
        assertEquals(200, status(manifest("app", image.digest())));
    }

    private Response ranges(Digest blob, int count) throws IOException {
        String ranges = IntStream.range(0, count)
                .mapToObj(i -> (1_000_000 + i * 1900) + "-" + (1_000_000 + i * 1900 + 1000))
                .collect(Collectors.joining(", ", "bytes=", ""));
        assertTrue(count < 1024 || ranges.length() > 16 << 10, ranges);
        return getWith(blob("app", blob), "Range: " + ranges);
    }

    private Response getWith(String path, String header) throws IOException {
        Response answer = RawHttp.get(registry.base(), path, header);
        answer.body();
        return answer;
    }
}
