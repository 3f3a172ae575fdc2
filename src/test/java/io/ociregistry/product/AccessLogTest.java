package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Logs each request once it is complete. */
@Timeout(60)
class AccessLogTest {
    @TempDir
    Path images;

    @Test
    void lineNamesCauseOfFailureExceptNotFound() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start();
                LogLines log = LogLines.of("io.ociregistry.access");
                RunningRegistry registry = RunningRegistry.start(
                        "registries:\n- name: r.example\n  endpoint: " + upstream.url()
                                + "\nunlistedRegistries: deny\n",
                        images)) {
            upstream.on(Match.manifest("broken")).always(Fault.status(500));
            assertEquals(502, get(registry, "broken?ns=r.example"));
            assertEquals(404, get(registry, "none?ns=r.example"));
            assertEquals(403, get(registry, "1?ns=other.example"));
            // The line of another request, such as a probe, may be among them.
            Await.until("all are logged", () -> log.at("INFO").stream()
                            .filter(line -> line.contains("/manifests/"))
                            .count()
                    == 3);
            assertLine(log, "broken", ": GET manifest r.example/team/app:broken: upstream answered 500");
            assertLine(log, "none", "");
            assertLine(log, "1", ": other.example is not among the configured registries, .*");
        }
    }

    private static void assertLine(LogLines log, String tag, String end) {
        String line = log.at("INFO").stream()
                .filter(each -> each.contains("/manifests/" + tag + "?"))
                .findFirst()
                .orElseThrow();
        assertTrue(Pattern.matches("[^\"]* \"-\"" + end, line), line);
    }

    private static int get(RunningRegistry registry, String what) throws Exception {
        return RawHttp.get(registry.base(), "/v2/team/app/manifests/" + what).status();
    }
}
