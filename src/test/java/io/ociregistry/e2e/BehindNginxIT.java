package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Operator;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.web.admin.AdminTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests the admin API behind a plain nginx on the machine of the server. This nginx sends {@code Host: localhost} and
 * adds no header that marks a request as forwarded. The client is on another machine: a network namespace that a pair
 * of virtual Ethernet devices connects to the namespace of nginx and the server.
 */
@Timeout(180)
@ExtendWith(ShowsLogs.class)
class BehindNginxIT {
    private static final int PORT = 8450;
    private static final String SERVER = "192.0.2.1";
    private static final String BASE = "http://" + SERVER + ":" + PORT;
    private static final String EVERYTHING = "?type=pattern&expr=.&count=-1&dryRun=false";
    private static final String NO_TOKEN = "Accept: */*";

    @TempDir
    Path directory;

    private Configuration configuration;
    private NetworkNamespace machine;
    private NetworkNamespace client;

    @BeforeEach
    void connect() throws Exception {
        Nginx.require();
        Peers.require("curl");
        configuration = Configuration.in(directory, "").with("airGapped: true");
        cacheAnImage();
        machine = NetworkNamespace.create();
        client = NetworkNamespace.create();
        machine.connect(SERVER + "/24", client, "192.0.2.2/24");
    }

    @AfterEach
    void disconnect() {
        if (client != null) {
            client.close();
        }
        if (machine != null) {
            machine.close();
        }
    }

    /** The upstream is not in the network of the server; the server finds the image in its cache. */
    private void cacheAnImage() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start();
                RunningRegistry registry = RunningRegistry.start(
                        "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n",
                        configuration.imagePath())) {
            var image = upstream.image("team/app", "1.0").layer(100).push();
            assertEquals(
                    200,
                    RawHttp.get(registry.base(), "/v2/team/app/manifests/1.0?ns=r.example")
                            .status());
            assertEquals(
                    200,
                    RawHttp.get(registry.base(), "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example")
                            .status());
        }
    }

    @Test
    void adminApiBehindProxyRequiresToken() throws Exception {
        Map<String, List<String>> table = AdminTable.of(directory.resolve("empty"));
        try (FatJar server = FatJar.startIn(machine, configuration);
                Nginx proxy = Nginx.start(
                        machine.runner(),
                        directory.resolve("nginx"),
                        PORT,
                        "http://localhost:" + server.url().getPort())) {
            var pull = new Request("GET", "/v2/team/app/manifests/1.0?ns=r.example");
            assertEquals(Map.of(pull, "200"), ask(List.of(pull), NO_TOKEN), proxy::toString);
            Map<String, String> before = cache();
            var everything = table.keySet().stream()
                    .flatMap(path -> AdminTable.METHODS.stream().map(method -> new Request(method, path + EVERYTHING)))
                    .toList();
            for (String header : List.of(NO_TOKEN, "Authorization: Bearer 0123456789abcdef")) {
                var answers = ask(everything, header);
                assertEquals(everything.size(), answers.size());
                answers.forEach((request, status) -> assertEquals("403", status, request::toString));
            }
            assertEquals(before, cache());
            assertEquals(
                    List.of(),
                    server.log().stream().filter(BehindNginxIT::isWork).toList());

            administer(server, table);
        }
    }

    @Test
    void documentedProxyServesPullsAndClosesAdminApi() throws Exception {
        Map<String, List<String>> table = AdminTable.of(directory.resolve("empty"));
        try (FatJar server = FatJar.startIn(machine, configuration);
                Nginx proxy = Nginx.startDocumented(
                        machine.runner(),
                        directory.resolve("nginx"),
                        PORT,
                        "http://127.0.0.1:" + server.url().getPort())) {
            var pull = new Request("GET", "/v2/team/app/manifests/1.0?ns=r.example");
            var ready = new Request("GET", "/readyz");
            assertEquals(Map.of(pull, "200", ready, "200"), ask(List.of(pull, ready), NO_TOKEN), proxy::toString);
            var everything = table.keySet().stream()
                    .flatMap(path -> AdminTable.METHODS.stream().map(method -> new Request(method, path + EVERYTHING)))
                    .toList();
            ask(everything, server.operator().authorization())
                    .forEach((request, status) -> assertEquals("404", status, request::toString));
            // Longer than the default limit of nginx, as the ranges that podman requests at once.
            assertEquals(Map.of(pull, "200"), ask(List.of(pull), "X-Long: " + "x".repeat(19_000)));
        }
    }

    private void administer(FatJar server, Map<String, List<String>> table) throws IOException {
        Operator operator = server.operator();
        var stop = new Request("POST", "/cmd/stop" + EVERYTHING);
        var allowed = table.entrySet().stream()
                .flatMap(path -> path.getValue().stream()
                        .map(method -> new Request(method, path.getKey() + query(path.getKey()))))
                .filter(request -> !request.equals(stop))
                .toList();
        ask(allowed, operator.authorization())
                .forEach((request, status) -> assertEquals("200", status, request::toString));
        assertFalse(cache().keySet().stream().anyMatch(file -> file.startsWith("img/")), "the image was to be pruned");
        assertTrue(server.log().stream().anyMatch(BehindNginxIT::isWork));
        assertEquals(Map.of(stop, "200"), ask(List.of(stop), operator.authorization()));
        assertEquals(0, server.awaitEnd());
        assertFalse(String.join("\n", server.log()).contains(operator.token()));
    }

    private static String query(String path) {
        return path.equals("/cmd/log-level") ? "?level=info" : EVERYTHING;
    }

    /** Returns true if a log line reports work that an operator requested. */
    private static boolean isWork(String line) {
        return line.contains("pruned") || line.contains("configuration reloaded") || line.contains("stopping");
    }

    private record Request(String method, String path) {
        List<String> options() {
            return method.equals("HEAD")
                    ? List.of("--head", BASE + path)
                    : List.of("--request", method, "--data", "r.example/team/other:1.0", BASE + path);
        }
    }

    /** Sends requests from the other machine, and returns the status of each. */
    private Map<Request, String> ask(List<Request> requests, String header) {
        List<String> curl = new ArrayList<>(List.of("curl"));
        for (Request request : requests) {
            if (curl.size() > 1) {
                curl.add("--next");
            }
            curl.addAll(List.of("--silent", "--output", "/dev/null", "--write-out", "%{http_code}\\n"));
            curl.addAll(List.of("--header", header));
            curl.addAll(request.options());
        }
        List<String> statuses = client.run(curl.toArray(String[]::new)).lines().toList();
        Map<Request, String> answers = new LinkedHashMap<>();
        for (int i = 0; i < requests.size(); i++) {
            answers.put(requests.get(i), statuses.get(i));
        }
        return answers;
    }

    /** Returns the manifests and blobs in the cache, with their contents. */
    private Map<String, String> cache() throws IOException {
        Map<String, String> files = new TreeMap<>();
        for (String kind : List.of("img", "fat", "other", "blobs")) {
            try (var found = Files.list(configuration.imagePath().resolve(kind))) {
                for (Path file : found.toList()) {
                    files.put(kind + "/" + file.getFileName(), Files.readString(file, StandardCharsets.ISO_8859_1));
                }
            }
        }
        return files;
    }
}
