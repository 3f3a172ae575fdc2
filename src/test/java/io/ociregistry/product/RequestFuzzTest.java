package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.registry.ContextWith;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.upstream.pool.FastProbingUpstreams;
import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Sends random requests to a real server: it answers each, never with 500, writes nothing outside of its cache, and
 * requests only valid names from an upstream. jqwik prints the seed of a failure; {@code @Property(seed = "...")}
 * repeats it.
 */
class RequestFuzzTest {
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(6);
    // Written from the specifications, independently of the tested code.
    private static final String PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    private static final String NAME = PART + "(?:/" + PART + ")*";
    private static final String DIGEST = "sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}";
    private static final Pattern POSSIBLE = Pattern.compile("/v2/|/v2/" + NAME + "/(?:"
            + "manifests/(?:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}|" + DIGEST + ")|blobs/(?:" + DIGEST + ")"
            + "|tags/list|referrers/(?:" + DIGEST + "))");
    private static final Pattern HOST = Pattern.compile("[a-z0-9._-]+|\\[[0-9a-f:.]+]|[0-9a-f:.]+");

    private static final List<String> lookedUp = new CopyOnWriteArrayList<>();
    private static Path directory;
    private static FakeUpstream upstream;
    private static RunningRegistry registry;
    private static Set<Path> before;
    private static long end;

    @BeforeContainer
    static void start() throws Exception {
        directory = Files.createTempDirectory("fuzz");
        upstream = FakeUpstream.start();
        registry = RunningRegistry.startOpened(
                "defaultNs: r.example\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n",
                Files.createDirectory(directory.resolve("images")),
                config -> ContextWith.upstreams(
                        config,
                        FastProbingUpstreams.of(config, host -> {
                            lookedUp.add(host);
                            if (!host.equals("127.0.0.1")) {
                                throw new UnknownHostException(host);
                            }
                            return List.of(java.net.InetAddress.getLoopbackAddress());
                        }),
                        Clock.systemUTC()));
        before = files();
        end = System.nanoTime() + LONGEST;
    }

    @AfterContainer
    static void stop() throws IOException {
        registry.close();
        upstream.close();
        try (var all = Files.walk(directory)) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Property(tries = 1500, shrinking = ShrinkingMode.BOUNDED)
    void anyRequestIsAnsweredWithoutHarm(@ForAll("requests") String request) throws IOException {
        if (System.nanoTime() > end) {
            return;
        }
        int asked = upstream.requests().size();
        try (RawHttp http = RawHttp.connect(registry.base())) {
            RawHttp.Response answer = http.sendRaw(request, request.startsWith("HEAD"));
            answer.body();
            assertTrue(answer.complete(), answer::toString);
            assertTrue(answer.status() >= 200 && answer.status() < 600 && answer.status() != 500, answer::toString);
        }
        List<Recorded> seen = upstream.requests();
        for (Recorded one : seen.subList(Math.min(asked, seen.size()), seen.size())) {
            assertTrue(POSSIBLE.matcher(one.path()).matches(), () -> "upstream was asked for " + one);
        }
        lookedUp.forEach(host -> assertTrue(HOST.matcher(host).matches(), () -> "looked up: " + host));
        assertEquals(before, files());
    }

    /** All but what is kept of lists, which upstream answers with a no. */
    private static Set<Path> files() throws IOException {
        try (var all = Files.walk(directory)) {
            return all.collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Provide
    Arbitrary<String> requests() {
        Arbitrary<String> path = Arbitraries.frequencyOf(
                Tuple.of(6, apiPaths()),
                Tuple.of(1, texts().map(text -> "/v2/" + text)),
                Tuple.of(1, texts().map(text -> "/" + text)));
        Arbitrary<String> query = Arbitraries.frequencyOf(
                Tuple.of(2, Arbitraries.just("")),
                Tuple.of(2, names().map(name -> "?ns=" + name)),
                Tuple.of(1, texts().map(text -> "?ns=" + text + "&n=" + text + "&last=" + text)),
                Tuple.of(1, texts().map(text -> "?" + text)));
        Arbitrary<String> header = Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.just("")),
                Tuple.of(1, names().map(name -> "X-Registry: " + name + "\r\n")),
                Tuple.of(1, texts().map(text -> "Range: bytes=" + text + "\r\n")),
                Tuple.of(1, texts().map(text -> "If-None-Match: " + text + "\r\n")));
        Arbitrary<String> method = Arbitraries.of("GET", "GET", "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "X");
        return Combinators.combine(method, path, query, header)
                .as((verb, where, what, more) -> verb + " " + wire(where + what) + " HTTP/1.1\r\nHost: localhost\r\n"
                        + wire(more.strip()) + (more.isEmpty() ? "" : "\r\n") + "Connection: close\r\n\r\n");
    }

    private static Arbitrary<String> apiPaths() {
        Arbitrary<String> kind = Arbitraries.of("manifests", "blobs", "tags", "referrers", "uploads", "..", "");
        return Combinators.combine(names(), names(), kind, references())
                .as((first, second, what, reference) -> "/v2/" + first + "/" + second + "/" + what + "/" + reference);
    }

    private static Arbitrary<String> names() {
        return Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of("r.example", "team", "app", "a/b", "docker.io", "other.example:5000")),
                Tuple.of(2, awkward()),
                Tuple.of(2, texts()));
    }

    private static Arbitrary<String> references() {
        return Arbitraries.frequencyOf(
                Tuple.of(
                        3,
                        Arbitraries.of(
                                "latest", "list", "1.0", "sha256:" + "a".repeat(64), "sha512:" + "0".repeat(128))),
                Tuple.of(
                        2,
                        Arbitraries.of("sha256:" + "A".repeat(64), "sha256:../../x", "sha999:0", "sha256:", ":", "@")),
                Tuple.of(2, awkward()),
                Tuple.of(2, texts()));
    }

    private static Arbitrary<String> awkward() {
        return Arbitraries.of(
                "..",
                ".",
                "%2e%2e",
                "..%2f..%2fetc%2fpasswd",
                "%2e%2e%2f",
                "..%5c",
                "%00",
                "a%00b",
                "%0d%0aX:y",
                "%",
                "%zz",
                "%c0%ae%c0%ae",
                "%E2%80%AE",
                "a;b=c",
                "a//b",
                "\\..\\",
                "~",
                "C:",
                "CON",
                ".lock",
                "lists",
                "a".repeat(300),
                "A",
                "[::1]",
                "[::",
                "127.0.0.1",
                "0x7f.1",
                "2130706433",
                "r.example:99999",
                "r.example:0",
                "user@r.example",
                "http://r.example",
                "file:///etc/passwd",
                "r.example/../..",
                "-",
                "__",
                "a..b",
                "xn--",
                "r.example.");
    }

    private static Arbitrary<String> texts() {
        return Arbitraries.oneOf(
                Arbitraries.strings().withChars("abz09AZ._-:/@%[]?#&=+~\\;, ").ofMaxLength(40),
                Arbitraries.strings().withCharRange('\u0001', '\u00ff').ofMaxLength(20));
    }

    /**
     * Removes line ends, which would end the request line or the header here.
     */
    private static String wire(String text) {
        String oneLine = text.replaceAll("[\\r\\n]", "");
        return new String(oneLine.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }
}
