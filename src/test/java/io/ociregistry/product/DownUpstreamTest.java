package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * An upstream that is down is remembered: what is cached is served, the rest is refused at once, and nobody asks
 * until it is back.
 */
@Timeout(60)
class DownUpstreamTest {
    @TempDir
    Path images;

    private FakeUpstream upstream;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        upstream.image("team/app", "1.0").layer(100).push();
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void afterThreeBrokenAnswersNobodyIsAskedAnyMore_untilAProbeIsAnswered() throws Exception {
        assertEquals(200, get("1.0").status());
        upstream.on(Match.anything()).always(Fault.status(503));
        for (int i = 0; i < 3; i++) {
            assertEquals(502, get("2.0").status());
        }
        int asked = upstream.requests().size();
        for (String tag : new String[] {"2.0", "3.0", "4.0"}) {
            Response refused = get(tag);
            assertEquals(503, refused.status());
            assertTrue(refused.header("Retry-After") != null);
            assertTrue(refused.text().contains("is down"), refused.text());
        }
        assertEquals(asked, upstream.requests().size());
        assertEquals(200, get("1.0").status(), "what is cached is served as ever");

        upstream.heal();
        Gate probe = upstream.hold(Match.anything());
        probe.awaitReached();
        assertEquals("/v2/", upstream.requests().get(asked).path());
        assertEquals(503, get("2.0").status(), "not answered yet");
        probe.release();
        FakeImage next = upstream.image("team/app", "2.0").layer(100).push();
        assertArrayEquals(next.manifest(), untilAnswered("2.0").body());
    }

    private Response untilAnswered(String tag) throws Exception {
        Response answer = get(tag);
        while (answer.status() == 503) {
            Thread.onSpinWait();
            answer = get(tag);
        }
        return answer;
    }

    private Response get(String tag) throws Exception {
        return RawHttp.get(registry.base(), "/v2/team/app/manifests/" + tag + "?ns=r.example");
    }
}
