package io.ociregistry.upstream;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.AuthConfig;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What only we and the registry know reaches no message and no log, whatever its level and whatever goes wrong. */
@Timeout(60)
class SecretsTest {
    private static final List<String> SECRETS =
            List.of("pa55word", "cm9ib3Q6cGE1NXdvcmQ=", "t0ken", "fake-token", "s1gnature", "pa55");

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream storage = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(100_000).push();
    private final UpstreamsInTest upstreams = UpstreamsInTest.of(up, AuthConfig.basic("robot", "pa55word"));
    private final StringBuilder messages = new StringBuilder();

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
        storage.close();
    }

    @Test
    void noSecretIsEverToldWhateverHappens() {
        try (LogLines log = LogLines.of("ROOT")) {
            up.requireBasic("robot", "pa55word");
            attempts();
            up.requireBasic("robot", "another");
            attempts();
            up.requireBearer("robot", "pa55word");
            attempts();
            for (Fault fault : List.of(
                    Fault.status(500).body("you said pa55word"),
                    Fault.status(200).body("{\"token\":\"t0ken"),
                    Fault.status(200).body("t0ken"),
                    Fault.status(200).body("{\"token\":\"t0ken \\u0000\"}"),
                    new Fault.ResetBeforeHeaders(),
                    new Fault.CloseBeforeHeaders())) {
                up.revokeTokens();
                up.on(Match.of(Recorded.Kind.TOKEN)).times(2, fault);
                attempts();
                up.heal();
            }
            up.redirectBlobsTo(storage);
            for (Fault fault : List.of(
                    Fault.status(403),
                    new Fault.RedirectTo("/x?s1gnature=<>"),
                    new Fault.RedirectTo("ftp://x/?s1gnature=1"),
                    new Fault.RedirectTo("http://nowhere.invalid/?s1gnature=1"),
                    new Fault.RedirectTo("http://169.254.169.254/?s1gnature=1"),
                    new Fault.ResetBeforeHeaders(),
                    new Fault.RedirectLoop())) {
                storage.on(Match.blobs()).times(20, fault);
                attempts();
                storage.heal();
            }
            String told = messages + log.text();
            assertTrue(messages.length() > 1000, told);
            SECRETS.forEach(secret -> assertFalse(told.contains(secret), () -> secret + " is told in: " + told));
        }
    }

    private void attempts() {
        attempt(() -> upstreams.manifest("team/app", "1"));
        attempt(() -> upstreams.get().headManifest("team/app", image.digest()));
        attempt(() -> upstreams.get().blob("team/app", image.layer(0), 0).close());
    }

    private void attempt(Runnable call) {
        try {
            call.run();
        } catch (RegistryException e) {
            // With its causes: one day somebody will log those.
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace, true));
            messages.append(trace).append('\n');
        }
    }
}
