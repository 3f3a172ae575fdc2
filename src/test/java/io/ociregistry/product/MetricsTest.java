package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Scrape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** The metrics of a server that was really used, and the page that describes them. */
class MetricsTest extends Scenario {
    private static final Path PAGE = Path.of("docs/metrics.md");
    private static final Pattern ROW =
            Pattern.compile("\\| `(ociregistry_[a-z_]+)` \\| (counter|gauge|histogram|info) \\|([^|]*)\\| .*");
    private static final Pattern METRIC = Pattern.compile("\\b(ociregistry_[a-z_]+|up)\\b");
    /** Without a value in the server of this test: they need TLS, a scrub, and an upstream that reports its limit. */
    private static final Set<String> NEED_MORE = Set.of(
            "ociregistry_certificate_expiry_timestamp_seconds",
            "ociregistry_scrub_last_success_timestamp_seconds",
            "ociregistry_upstream_rate_limit_remaining");

    @Override
    protected String configuration() {
        return "unlistedRegistries: deny\ncache: {maxSize: 1GB}\n";
    }

    private Scrape scrape() throws Exception {
        Response answer = registry.operator().get("/metrics");
        assertEquals(200, answer.status(), answer.text());
        return Scrape.of(answer.text());
    }

    /** Pulls twice, misses twice, is refused, and resumes a download. */
    private void use() throws Exception {
        FakeImage image = upstream.image("team/app", "1.0").layer(300_000).push();
        upstream.on(Match.blob(image.layer(0)).get()).once(Fault.resetAfter(50_000));
        pull(image, "team/app", "1.0");
        registry.awaitDownloads();
        pull(image, "team/app", "1.0");
        assertEquals(404, status(manifest("team/none", "1.0")));
        assertEquals(404, status(manifest("team/none", "1.0")));
        assertEquals(403, status("/v2/team/app/manifests/1.0?ns=unlisted.example"));
        assertEquals(404, status("/nothing"));
        assertEquals(200, status("/v2/"));
    }

    @Test
    void requestIsCountedByItsResult() throws Exception {
        use();
        Scrape scrape = scrape();
        assertEquals(1, cache(scrape, "manifest", "hit"));
        assertEquals(2, cache(scrape, "manifest", "miss"));
        assertEquals(1, cache(scrape, "manifest", "negative"));
        assertEquals(
                1,
                scrape.value(
                        "ociregistry_cache_requests_total",
                        "registry",
                        "other",
                        "kind",
                        "manifest",
                        "result",
                        "refused"));
        assertTrue(cache(scrape, "blob", "hit") >= 2, scrape.toString());
        assertEquals(
                2, scrape.value("ociregistry_http_requests_total", "kind", "manifest", "method", "GET", "code", "404"));
        assertEquals(
                1, scrape.value("ociregistry_http_requests_total", "kind", "base", "method", "GET", "code", "200"));
        assertEquals(
                1, scrape.value("ociregistry_http_requests_total", "kind", "other", "method", "GET", "code", "404"));
    }

    private static double cache(Scrape scrape, String kind, String result) {
        return scrape.value("ociregistry_cache_requests_total", "registry", REGISTRY, "kind", kind, "result", result);
    }

    @Test
    void bytesOfClientsAndUpstreamsAreCounted() throws Exception {
        FakeImage image = upstream.image("team/app", "1.0").layer(300_000).push();
        String layer = blob("team/app", image.layer(0));
        assertEquals(200, status(manifest("team/app", "1.0")));
        registry.awaitDownloads();
        for (int i = 0; i < 3; i++) {
            assertEquals(300_000, get(layer).body().length);
        }
        Scrape scrape = scrape();
        double cached = scrape.valueOrZero("ociregistry_http_response_bytes_total", "kind", "blob", "source", "cache");
        double arriving =
                scrape.valueOrZero("ociregistry_http_response_bytes_total", "kind", "blob", "source", "arriving");
        assertEquals(900_000, cached + arriving);
        double received =
                scrape.value("ociregistry_upstream_received_bytes_total", "registry", REGISTRY, "to", "registry");
        assertTrue(received >= 300_000 && received < 320_000, scrape.toString());
    }

    @Test
    void resumeIsCountedByItsReason() throws Exception {
        use();
        Scrape scrape = scrape();
        assertEquals(1, scrape.value("ociregistry_download_resumes_total", "registry", REGISTRY, "reason", "cut"));
        assertEquals(2, scrape.value("ociregistry_downloads_total", "registry", REGISTRY, "outcome", "stored"));
        assertEquals(2, scrape.value("ociregistry_download_seconds_count", "registry", REGISTRY));
    }

    @Test
    void requestThatWaitsForTheSameDownloadIsJoined() throws Exception {
        FakeImage image = upstream.image("team/app", "1.0").layer(300_000).push();
        startWith(configuration() + "prefetch: false\n");
        assertEquals(200, status(manifest("team/app", "1.0")));
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        CompletableFuture<Response> first =
                CompletableFuture.supplyAsync(() -> quietly(blob("team/app", image.layer(0))));
        gate.awaitReached();
        CompletableFuture<Response> second =
                CompletableFuture.supplyAsync(() -> quietly(blob("team/app", image.layer(0))));
        Await.until("both requests are in flight", () -> {
            Scrape scrape = scrape();
            return scrape.value("ociregistry_http_requests_in_flight", "kind", "blob") == 2;
        });
        assertEquals(1, scrape().value("ociregistry_downloads_in_flight", "registry", REGISTRY, "priority", "client"));
        gate.release();
        assertEquals(200, first.join().status());
        assertEquals(200, second.join().status());
        assertEquals(1, cache(scrape(), "blob", "joined"));
    }

    private Response quietly(String path) {
        try {
            return get(path);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void downUpstreamIsShown() throws Exception {
        FakeImage image = upstream.image("team/app", "1.0").layer(1000).push();
        pull(image, "team/app", "1.0");
        String endpoint = upstream.url().toString();
        assertEquals(1, scrape().value("ociregistry_upstream_up", "registry", REGISTRY, "endpoint", endpoint));
        upstream.close();
        assertEquals(503, status(manifest("team/other", "1.0")));
        Scrape scrape = scrape();
        assertEquals(0, scrape.value("ociregistry_upstream_up", "registry", REGISTRY, "endpoint", endpoint));
        assertTrue(scrape.value(
                        "ociregistry_upstream_requests_total",
                        "registry",
                        REGISTRY,
                        "to",
                        "registry",
                        "outcome",
                        "connect")
                >= 1);
    }

    @Test
    void scrapeNeedsTheTokenOfTheOperator() throws Exception {
        assertEquals(403, status("/metrics"));
        assertEquals(405, registry.operator().ask("POST", "/metrics").status());
    }

    @Test
    void pageListsEveryMetricOfTheServer() throws Exception {
        use();

        Map<String, String> documented = new TreeMap<>();
        for (String line : Files.readAllLines(PAGE)) {
            var row = ROW.matcher(line);
            if (row.matches()) {
                documented.put(row.group(1), row.group(2) + " " + labels(row.group(3)));
            }
        }
        Scrape scrape = scrape();
        Map<String, String> served = new TreeMap<>();
        scrape.types().forEach((name, type) -> {
            if (name.startsWith("ociregistry_")) {
                served.put(name, (name.endsWith("_info") ? "info" : type) + " " + scrape.labels(name));
            }
        });
        NEED_MORE.forEach(documented::remove);
        assertEquals(lines(documented), lines(served));
        assertFalse(served.isEmpty());
    }

    @Test
    void expressionsOfAlertsAndDashboardsUseMetricsOfTheServer() throws Exception {
        use();
        Set<String> served = new TreeSet<>(NEED_MORE);
        served.add("up"); // made by Prometheus
        scrape().types().forEach((name, type) -> {
            served.add(name);
            if (type.equals("histogram")) {
                Stream.of("_bucket", "_sum", "_count").forEach(suffix -> served.add(name + suffix));
            }
        });
        List<String> expressions = expressions();
        assertTrue(expressions.size() > 30, expressions::toString);
        for (String expression : expressions) {
            Set<String> metrics = METRIC.matcher(expression)
                    .results()
                    .map(MatchResult::group)
                    .collect(Collectors.toCollection(TreeSet::new));
            assertFalse(metrics.isEmpty(), expression);
            metrics.removeAll(served);
            assertEquals(Set.of(), metrics, expression);
        }
    }

    private static List<String> expressions() throws Exception {
        JsonMapper json = JsonMapper.builder().build();
        List<String> expressions = new ArrayList<>();
        Object rules = new Yaml().load(Files.readString(Path.of("conf/prometheus/rules.yaml")));
        json.valueToTree(rules).findValuesAsText("expr").forEach(expressions::add);
        for (String board : List.of("well", "upstreams")) {
            json.readTree(Files.readString(Path.of("conf/grafana/" + board + ".json")))
                    .findValuesAsText("expr")
                    .forEach(expressions::add);
        }
        return expressions;
    }

    private static Set<String> labels(String cell) {
        return Pattern.compile("`([a-z]+)`")
                .matcher(cell)
                .results()
                .map(label -> label.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String lines(Map<String, String> metrics) {
        return metrics.entrySet().stream()
                .map(metric -> metric.getKey() + " " + metric.getValue())
                .collect(Collectors.joining("\n"));
    }

    @Test
    void promtoolAcceptsTheScrape(@TempDir Path dir) throws Exception {
        Path promtool = Path.of("/usr/bin/promtool");
        assumeTrue(Files.isExecutable(promtool), "promtool is not installed");
        use();
        Path file = Files.writeString(dir.resolve("scrape"), scrape().toString());
        Path output = dir.resolve("output");
        Process process = new ProcessBuilder(promtool.toString(), "check", "metrics")
                .redirectInput(file.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals("", Files.readString(output));
    }

    @Test
    void openMetricsAreServedToAScraperThatAcceptsThem() throws Exception {
        use();
        Response answer = RawHttp.get(
                registry.base(),
                "/metrics",
                registry.operator().authorization(),
                "Accept: application/openmetrics-text; version=1.0.0");
        assertTrue(String.valueOf(answer.header("Content-Type")).startsWith("application/openmetrics-text"));
        assertTrue(answer.text().endsWith("# EOF\n"));
    }
}
