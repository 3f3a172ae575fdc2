package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Operator;
import io.ociregistry.testing.RawHttp;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests what an operator of each servlet container sees of the WAR: its start, its mistakes and its stop. */
@Timeout(180)
@ExtendWith(ShowsLogs.class)
class WarDeploymentIT {
    private static final Pattern LEAK = Pattern.compile("clearReferences|memory leak|ThreadLocal");

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(
            value = Containers.class,
            names = {"TOMCAT_10", "TOMCAT_11", "JETTY_HOME"})
    void startIsLoggedFilesAreHiddenAndStopLeaksNothing(Containers kind) throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start()) {
            var configuration = Configuration.in(directory, "- name: r.example\n  endpoint: " + upstream.url() + "\n");
            var image = upstream.image("team/app", "1.0").layer(100_000).push();
            try (War war = (War) kind.start(configuration)) {
                String banner = war.log();
                assertTrue(banner.contains("Configuration: " + configuration.file()), banner);
                assertTrue(banner.contains("Cache: " + configuration.imagePath()), banner);
                assertTrue(banner.contains("META-INF/docs"), banner);

                String root = RawHttp.get(war.url(), "/index.html").text();
                assertTrue(root.contains("whose paths start with /v2/"), root);
                for (String path : List.of("/page/", "/META-INF/", "/WEB-INF/web.xml", "/META-INF/docs/deploy.md")) {
                    assertEquals(404, RawHttp.get(war.url(), path).status(), path);
                }

                assertEquals(
                        200,
                        RawHttp.get(war.url(), "/v2/team/app/manifests/1.0?ns=r.example")
                                .status());
                assertEquals(
                        200,
                        RawHttp.get(war.url(), "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example")
                                .status());
                assertEquals(
                        404,
                        RawHttp.get(war.url(), "/v2/team/app/manifests/2.0?ns=r.example")
                                .status());
                Operator operator = Operator.of(war.url(), configuration.imagePath());
                assertEquals(200, operator.ask("GET", "/cmd/status").status());
                assertEquals(
                        200,
                        operator.ask("DELETE", "/cmd/prune?type=pattern&expr=.&dryRun=false")
                                .status());

                war.terminate();
                assertEquals(
                        List.of(), war.log().lines().filter(LEAK.asPredicate()).toList());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Containers.class,
            names = {"TOMCAT_10", "TOMCAT_11", "JETTY_HOME"})
    void configurationMistakesAreOneMessageInMainLog(Containers kind) {
        var configuration = Configuration.in(directory, "").with("bogus: 1\nport: x");
        String log = assertThrows(War.RefusedException.class, () -> kind.start(configuration))
                .getMessage();
        assertEquals(1, log.split("bogus: unknown key", -1).length - 1, log);
        assertEquals(1, log.split("port: 'x' is not a whole number", -1).length - 1, log);
        assertFalse(log.contains("at io.ociregistry"), log);
        assertFalse(log.contains("at org.apache.catalina"), log);
    }
}
