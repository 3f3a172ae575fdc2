package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.testing.FakeImage;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The traffic of the last hour in the admin API. */
class TrafficTest extends Scenario {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @Override
    protected String configuration() {
        return "prefetch: false\n";
    }

    @Test
    void secondPullIsSavedTraffic() throws Exception {
        assertEquals(0, minute().path("requests").asLong());
        FakeImage image = upstream.image("team/app", "1.0").layer(100_000).push();
        long size = image.manifest().length + image.config().size() + 100_000;

        pull(image, "team/app", "1.0");
        registry.awaitDownloads();
        pull(image, "team/app", "1.0");

        JsonNode minute = minute();
        assertEquals(6, minute.path("requests").asLong(), minute::toString);
        assertEquals(3, minute.path("cached").asLong(), minute::toString);
        assertEquals(2 * size, minute.path("sent").asLong(), minute::toString);
        assertEquals(size, minute.path("received").asLong(), minute::toString);
        String text = registry.operator().get("/cmd/traffic").text();
        assertTrue(text.contains("Z: 6 requests, 3 from the cache, " + 2 * size + " bytes sent, " + size), text);
    }

    /** The only minute of a server that has just started. */
    private JsonNode minute() throws IOException {
        JsonNode minutes = JSON.readTree(registry.operator()
                        .get("/cmd/traffic", "Accept: application/json")
                        .body())
                .path("minutes");
        assertEquals(1, minutes.size(), minutes::toString);
        return minutes.path(0);
    }
}
