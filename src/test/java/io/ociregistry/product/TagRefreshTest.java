package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Refreshes one cached tag by the admin API, without a rule that revalidates it. */
class TagRefreshTest extends Scenario {
    private static final String NAME = REGISTRY + "/team/app:1.0";

    @Override
    protected String configuration() {
        return "pullTimeout: 1s\n";
    }

    @Test
    void movedTagIsLoadedWithItsLayers() throws Exception {
        pull(push(1), "team/app", "1.0");
        FakeImage moved = push(2);
        assertTrue(load("").contains("already there: " + NAME));

        String lines = load("?refresh=true");

        assertTrue(lines.contains("loaded " + NAME) && lines.contains("ok: 1 loaded"), lines);
        upstream.close();
        assertArrayEquals(moved.manifest(), get(manifest("team/app", "1.0")).body());
        assertArrayEquals(
                moved.layerBytes(0), get(blob("team/app", moved.layer(0))).body());
    }

    @Test
    void unchangedTagCostsOneRequest() throws Exception {
        pull(push(1), "team/app", "1.0");
        registry.awaitDownloads();
        upstream.forgetRequests();

        String lines = load("?refresh=true");

        assertTrue(lines.contains("already there: " + NAME), lines);
        assertEquals(1, upstream.requests().size(), () -> upstream.requests().toString());
    }

    @Test
    void failedRefreshIsReportedAndKeepsTheCachedImage() throws Exception {
        FakeImage image = push(1);
        pull(image, "team/app", "1.0");
        registry.awaitDownloads();
        upstream.close();

        String lines = load("?refresh=true");

        assertTrue(lines.contains("not loaded: " + NAME), lines);
        Response cached = get(manifest("team/app", "1.0"));
        assertArrayEquals(image.manifest(), cached.body());
    }

    @Test
    void airGappedServerSaysThatItAsksNoUpstream() throws Exception {
        pull(push(1), "team/app", "1.0");
        registry.awaitDownloads();
        startWith("airGapped: true\n");

        String lines = load("?refresh=true");

        assertTrue(lines.contains("was not refreshed, because this server is air-gapped"), lines);
        assertEquals(200, status(manifest("team/app", "1.0")));
    }

    @Test
    void otherValueIsRefused() throws Exception {
        Response answer = registry.operator().send(NAME + "\n", "POST", "/cmd/load?refresh=yes");
        assertEquals(400, answer.status());
        assertTrue(answer.text().contains("refresh must be true or false"), answer.text());
    }

    private FakeImage push(int seed) {
        return upstream.image("team/app", "1.0").seed(seed).layer(1000).push();
    }

    private String load(String query) throws IOException {
        return registry.operator()
                .send(NAME + "\n", "POST", "/cmd/load" + query)
                .text();
    }
}
