package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.manifest.format.RecordFormat;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.GoCache;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Operator;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The status page in a real browser. All tests share the browser; each has its own server and its own page. */
@Timeout(120)
@ExtendWith(ShowsLogs.class)
class StatusPageIT {
    private static final String TRUSTING = "admin: {trustLoopback: true}\n";
    private static final String HOSTILE = "<img src=x onerror=\"window.hacked=1\">";

    /** Puts a script before each text of each answer of the server. */
    private static final String EVERY_TEXT_HOSTILE = """
        const real = window.fetch;
        const hostile = value => typeof value === 'string' ? '%s' + value
            : Array.isArray(value) ? value.map(hostile)
            : value && typeof value === 'object'
                ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hostile(each)]))
            : value;
        window.fetch = async (...request) => {
            const answer = await real(...request);
            return new Response(JSON.stringify(hostile(await answer.json())));
        };
        """.formatted(HOSTILE);

    private static Chromium browser;

    @TempDir
    Path directory;

    private final FakeUpstream upstream = FakeUpstream.start();

    @BeforeAll
    static void startBrowser(@TempDir Path home) {
        Chromium.require();
        browser = Chromium.start(home);
    }

    @AfterAll
    static void closeBrowser() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void useLaptop() {
        browser.open("about:blank").resize(1280, 900).prefer("light").console();
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @ParameterizedTest
    @EnumSource(
            value = Containers.class,
            names = {"FAT_JAR", "TOMCAT_10_UNDER_A_CONTEXT_PATH", "JETTY_HOME"})
    void pageShowsCachedImageInEveryContainer(Containers kind) throws Exception {
        upstream.image("team/app", "1.0").layer(100_000).push();
        var configuration = Configuration.in(directory, "- name: r.example\n  endpoint: " + upstream.url() + "\n");
        try (var server = kind.start(configuration)) {
            assertEquals(
                    200,
                    RawHttp.get(server.url(), "/v2/team/app/manifests/1.0?ns=r.example")
                            .status());
            browser.open(server.url() + "/").awaitText("#login-reason", "the request has no token");
            browser.type(
                    "#token",
                    Operator.of(server.url(), configuration.imagePath()).token() + Chromium.ENTER);
            browser.awaitText("#rows", "r.example/team/app:1.0");
            browser.awaitText("#hosts", "[host.\"" + server.url() + "\"]");
            assertEquals(List.of(), errors());
        }
    }

    @Test
    void tokenIsAskedForKeptOverReloadAndForgotten() throws Exception {
        try (var registry = start("")) {
            browser.open(registry.base() + "/").awaitText("#login-reason", "only the operator may use the admin API");
            assertEquals("", browser.text("#content"));
            browser.screenshot("login").type("#token", "0123456789abcdef" + Chromium.ENTER);
            browser.awaitText("#login-reason", "the token is wrong");

            browser.type("#token", registry.operator().token() + Chromium.ENTER);
            browser.awaitText("#image-count", "0 names of 0").open(registry.base() + "/");
            browser.awaitText("#image-count", "0 names of 0");
            assertFalse(browser.run("return document.documentElement.outerHTML + document.cookie + location")
                    .asText()
                    .contains(registry.operator().token()));

            browser.click("#lock").awaitText("#login-reason", "forgotten").open(registry.base() + "/");
            browser.awaitText("#login-reason", "the request has no token");
        }
    }

    @Test
    void disabledApiIsExplained() throws Exception {
        try (var registry = start("admin: {enabled: false}\n")) {
            browser.open(registry.base() + "/").awaitText("#login-reason", "admin.enabled: false");
            assertEquals("", browser.text("#login-fields"));
        }
    }

    @Test
    void overviewHasDiskQuotaTrafficAndUpstreams() throws Exception {
        try (var registry = start(TRUSTING + "prefetch: false\ncache: {maxSize: 10MB}\n")) {
            pull(registry, upstream.image("team/app", "1.0").layer(100_000).push(), "team/app");
            open(registry);
            browser.awaitText("#used", "KiB").awaitText("#quota-label", "of 9.5 MiB used");
            browser.awaitText("#names", "1").awaitText("#free", "B").awaitText("#hit-ratio", "0 %");
            browser.awaitText("#received", "98.3 KiB")
                    .awaitText("#sent", "98.3 KiB")
                    .awaitText("#saved", "0 B");
            assertTrue(browser.run("return document.querySelector('#requests-chart svg').ariaLabel")
                    .asText()
                    .contains("0 requests answered from the cache, 3 others"));
            browser.awaitText("#upstream-list", "r.example up").awaitText("#upstream-list", "last success");
            browser.awaitText("#no-downloads", "No download is in flight");
            assertEquals(
                    "#hosts",
                    browser.run("return '#' + document.querySelector('pre').id").asText());
            browser.awaitText("#hosts", "[host.\"" + registry.base() + "\"]").type("#hosts-registry", "quay.io");
            browser.awaitText("#hosts", "server = \"https://quay.io\"").awaitText("#hosts-path", "quay.io/hosts.toml");
            browser.click("#copy").awaitText("#copy-result", "opied");
            assertEquals(List.of(), errors());
        }
    }

    @Test
    void imagesAreSortedSearchedAndShownInDetail() throws Exception {
        FakeImage complete = upstream.image("team/small", "1.0").layer(1000).push();
        FakeImage partial = upstream.image("team/large", "1.0")
                .architecture("arm64")
                .layer(3000)
                .push();
        try (var registry = start(TRUSTING + "prefetch: false\n")) {
            pull(registry, complete, "team/small");
            get(registry, "/v2/team/large/manifests/1.0?ns=r.example");
            get(registry, "/v2/team/large/blobs/" + partial.config().digest() + "?ns=r.example");
            open(registry);
            browser.awaitText("#image-count", "2 names of 2");
            assertEquals("r.example/team/large:1.0", cell(0, "name"));
            assertEquals(List.of("partial", "linux/arm64"), List.of(cell(0, "offline"), cell(0, "platforms")));
            assertEquals("complete", cell(1, "offline"));
            assertNotEquals("never", cell(1, "pulled"));

            browser.click("[data-sort=size] button");
            assertEquals("r.example/team/large:1.0", cell(0, "name"));
            browser.click("[data-sort=size] button");
            assertEquals("r.example/team/small:1.0", cell(0, "name"));
            assertEquals(
                    "ascending",
                    browser.run("return document.querySelector('[data-sort=size]').ariaSort")
                            .asText());

            browser.type("#search", complete.digest().hex().substring(0, 20)).awaitText("#image-count", "1 name of 2");
            browser.click("#rows .row").awaitText("#details", complete.digest().toString());
            browser.type("#search", "nothing such").awaitText("#image-count", "0 names of 2");
        }
    }

    @Test
    void refreshLoadsImageThatTagMeansNow() throws Exception {
        try (var registry = start(TRUSTING)) {
            pull(registry, upstream.image("team/app", "1.0").layer(1000).push(), "team/app");
            open(registry);
            browser.awaitText("#rows", "r.example/team/app:1.0").click("#rows .row");
            browser.click("#refresh").awaitText("#refresh-result", "The tag means the cached image");
            FakeImage moved =
                    upstream.image("team/app", "1.0").seed(2).layer(2000).push();
            browser.click("#refresh").awaitText("#refresh-result", "The tag has moved");
            browser.click("#rows .row").awaitText("#details", moved.digest().toString());
            browser.awaitText("#details", "complete");
            assertEquals(List.of(), errors());
        }
    }

    @Test
    void loadShowsProgressWhileBytesArrive() throws Exception {
        FakeImage image = upstream.image("team/app", "1.0").layer(500_000).push();
        Gate gate = upstream.holdBlobAfter(image.layer(0), 200_000);
        try (var registry = start(TRUSTING + "pullTimeout: 20s\n")) {
            open(registry);
            browser.type("#load-list", "r.example/team/app:1.0\nr.example/team/none:1.0\nno image");
            browser.click("#load-button");
            gate.awaitReached();
            browser.awaitText("#load-progress", "r.example/team/app:1.0").awaitText("#load-progress", "of 488 KiB");
            browser.await("document.querySelector('#load-progress progress').value >= 200000");
            browser.awaitText("#download-list", "r.example/team/app:1.0").awaitText("#download-list", "from r.example");
            browser.screenshot("load", "#load");
            gate.release();
            browser.awaitText("#load-result", "1 image loaded").awaitText("#load-result", "2 failed");
            browser.awaitText("#load-failures", "r.example/team/none:1.0").awaitText("#load-failures", "no image");
            browser.awaitText("#rows", "r.example/team/app:1.0").awaitText("#no-downloads", "No download");
            assertEquals(List.of(), errors());
        }
    }

    @Test
    void pruneRemovesWhatItsDryRunShowed() throws Exception {
        try (var registry = start(TRUSTING)) {
            pull(registry, upstream.image("team/old", "1.0").layer(1000).push(), "team/old");
            pull(registry, upstream.image("team/kept", "1.0").layer(1000).push(), "team/kept");
            open(registry);
            browser.awaitText("#image-count", "2 names of 2").click("#prune-dry");
            browser.awaitText("#prune-result", "no parameter selects images");
            browser.type("#prune-expr", "team/old").click("#prune-dry");
            browser.awaitText("#prune-result", "Dry run, nothing was removed: 1 name and 2 blobs would be removed");
            browser.awaitText("#prune-names", "r.example/team/old:1.0");
            assertEquals("Remove 1 name now", browser.text("#prune-real"));
            assertTrue(list(registry).contains("team/old"));

            // A changed field needs another dry run.
            browser.type("#prune-expr", "team").await("!document.querySelector('#prune-real').checkVisibility()");
            browser.type("#prune-expr", "team/old").type("#prune-days", "0").click("#prune-dry");
            browser.awaitText("#prune-names", "team/old")
                    .screenshot("prune", "#prune")
                    .click("#prune-real");
            browser.awaitText("#prune-result", "Removed 1 name").awaitText("#image-count", "1 name of 1");
            assertTrue(list(registry).contains("team/kept") && !list(registry).contains("team/old"));
        }
    }

    @Test
    void probeReachesUpstreamThatIsDown() throws Exception {
        try (var registry = start(TRUSTING)) {
            upstream.refuseConnections();
            get(registry, "/v2/team/app/manifests/1.0?ns=r.example");
            open(registry);
            browser.awaitText("#upstream-list", "r.example down").awaitText("#upstream-list", "last error");
            browser.click("#probe").awaitText("#probe-result", "Probing " + upstream.url());
        }
    }

    /** Texts of upstreams, of images and of the operator, each with a script. */
    @Test
    void hostileTextsStayText() throws Exception {
        upstream.image("team/app", "1.0").architecture(HOSTILE).layer(1000).push();
        try (var registry = start(TRUSTING + "pullTimeout: 1s\n")) {
            get(registry, "/v2/team/app/manifests/1.0?ns=r.example");
            registry.awaitDownloads();
            open(registry);
            browser.awaitText("#rows", HOSTILE).click("#rows .row").awaitText("#details", HOSTILE);
            browser.type("#load-list", HOSTILE + "\nr.example/team/app:2.0").click("#load-button");
            browser.awaitText("#load-failures", "<img src=x").awaitText("#load-result", "2 failed");
            browser.type("#search", HOSTILE).awaitText("#image-count", "0 names");
            browser.type("#prune-expr", HOSTILE + "(").click("#prune-dry").awaitText("#prune-result", "<img src=x");
            browser.type("#hosts-registry", HOSTILE).awaitText("#hosts", "<img src=x");
            browser.run(EVERY_TEXT_HOSTILE);
            browser.click("#reread").awaitText("#rows", HOSTILE + "r.example");
            for (String text : List.of("#upstream-list", "#server", "#disk-label")) {
                browser.awaitText(text, HOSTILE);
            }
            assertUnharmed();
            browser.open(registry.base() + "/?x=" + "%3Cimg%20src=x%20onerror=window.hacked=1%3E#%3Cimg%3E");
            browser.awaitText("#image-count", "1 name");
            assertUnharmed();
        }
    }

    @Test
    void policyRefusesMarkupFromTextAndForeignScripts() throws Exception {
        try (var registry = start(TRUSTING)) {
            open(registry);
            assertEquals(
                    "TypeError",
                    browser.run("try { document.body.innerHTML = '<b>x</b>'; return 'allowed' }"
                                    + " catch (refused) { return refused.name }")
                            .asText());
            browser.run("const script = document.createElement('script');"
                    + " script.append('window.hacked = 1'); document.body.append(script)");
            browser.run("document.body.setAttribute('style', 'display: none')");
            assertTrue(browser.run("return window.hacked === undefined && document.body.checkVisibility()")
                    .asBoolean());
        }
    }

    /** The rule of trustLoopback asks for no token, so that only the check of the origin protects the server. */
    @Test
    void pageOfAnotherSiteCannotAct() throws Exception {
        try (var registry = start(TRUSTING);
                var other = start(TRUSTING, directory.resolve("other"))) {
            pull(registry, upstream.image("team/app", "1.0").layer(1000).push(), "team/app");
            // Another port is another origin. The blank page has no policy that would stop it.
            browser.open(other.base() + "/livez");
            for (String target : List.of("cmd/prune?type=pattern&expr=.&dryRun=false", "cmd/load")) {
                browser.run("window.sent = false; fetch('" + registry.base() + "/" + target
                        + "', {method: 'POST', mode: 'no-cors', body: 'r.example/team/app:2.0'})"
                        + ".finally(() => { window.sent = true })");
                browser.await("window.sent");
            }
            browser.run("window.read = ''; fetch('" + registry.base() + "/cmd/status')"
                    + ".then(() => { window.read = 'allowed' }, () => { window.read = 'refused' })");
            browser.await("window.read");
            assertEquals("refused", browser.run("return window.read").asText());
            assertTrue(list(registry).contains("team/app:1.0"));
            assertEquals(List.of(), upstream.requests(Match.manifest("2.0")));
        }
    }

    @Test
    void twentyThousandImagesNeedFewElements() throws Exception {
        writeCacheOfTwentyThousandNames();
        try (var registry = start(TRUSTING)) {
            open(registry);
            browser.awaitText("#image-count", "20,000 names of 20,000");
            assertEquals("r.example/team/app-0000:v0", cell(0, "name"));
            assertFewElements();

            browser.run("document.querySelector('#grid').scrollTop = 400000");
            browser.awaitText("#rows", "r.example/team/app-181").screenshot("many", "#images");
            assertFewElements();

            browser.run("document.querySelector('#grid').focus()");
            browser.press(Chromium.END).awaitText("#details", "r.example/team/app-3999:v4");
            assertFewElements();

            browser.type("#search", "app-0123").awaitText("#image-count", "5 names of 20,000");
            browser.type("#search", "").awaitText("#image-count", "20,000 names of 20,000");
            browser.click("[data-sort=name] button");
            assertEquals("r.example/team/app-3999:v4", cell(0, "name"));
            assertFewElements();
        }
    }

    @Test
    void everythingWorksByKeyboard() throws Exception {
        try (var registry = start("")) {
            pull(registry, upstream.image("team/app", "1.0").layer(1000).push(), "team/app");
            pull(registry, upstream.image("team/other", "1.0").layer(1000).push(), "team/other");
            browser.open(registry.base() + "/").awaitText("#login-reason", "token");
            browser.press(letters(registry.operator().token())).press(Chromium.ENTER);
            browser.awaitText("#image-count", "2 names of 2");

            focusByTab("grid");
            browser.press(Chromium.DOWN, Chromium.DOWN).awaitText("#details-name", "team/other");
            assertEquals(
                    "row-1",
                    browser.run("return document.activeElement.getAttribute('aria-activedescendant')")
                            .asText());
            browser.press(Chromium.HOME).awaitText("#details-name", "team/app").press(Chromium.ENTER, Chromium.TAB);
            assertEquals(
                    "refresh", browser.run("return document.activeElement.id").asText());
            browser.press(Chromium.ENTER).awaitText("#refresh-result", "The tag means the cached image");

            focusByTab("prune-expr");
            browser.press(letters("team/app")).press(Chromium.ENTER).awaitText("#prune-result", "1 name and 2 blobs");
            focusByTab("prune-real");
            browser.press(Chromium.ENTER).awaitText("#image-count", "1 name of 1");
            focusByTab("load-list");
            browser.press(letters("r.example/team/app:1.0")).press(Chromium.TAB, Chromium.ENTER);
            browser.awaitText("#load-result", "1 image loaded").awaitText("#image-count", "2 names of 2");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {360, 1280})
    void pageFitsEveryWidthAndIsAccessible(int width) throws Exception {
        FakeImage image = upstream.image("a-team/with-a-long-name-for-a-repository/application", "1.0-and-a-long-tag")
                .layer(300_000)
                .push();
        Gate gate = upstream.holdBlobAfter(image.layer(0), 100_000);
        try (var registry = start(TRUSTING)) {
            pull(registry, upstream.image("b-team/app", "1.0").layer(1000).push(), "b-team/app");
            get(registry, "/v2/" + image.repository() + "/manifests/1.0-and-a-long-tag?ns=r.example");
            gate.awaitReached();
            browser.resize(width, 800).open(registry.base() + "/");
            browser.awaitText("#rows", "a-team")
                    .awaitText("#download-list", "a-team")
                    .click("#rows .row");
            browser.type("#prune-expr", "b-team").click("#prune-dry").awaitText("#prune-names", "b-team");
            for (String scheme : List.of("light", "dark")) {
                browser.prefer(scheme).run("scrollTo(0, 0)");
                browser.screenshot("width-" + width + "-" + scheme);
                assertEquals(List.of(), browser.accessibilityViolations(), scheme);
            }
            assertEquals(
                    0,
                    browser.run("const root = document.documentElement; return root.scrollWidth - root.clientWidth")
                            .asInt());
            gate.release();
            browser.awaitText("#no-downloads", "No download");
        }
    }

    @Test
    void loginIsAccessibleAndFollowsColourScheme() throws Exception {
        try (var registry = start("")) {
            browser.open(registry.base() + "/").awaitText("#login-reason", "token");
            String light = background();
            assertEquals(List.of(), browser.accessibilityViolations());
            browser.prefer("dark").screenshot("login-dark");
            assertNotEquals(light, background());
            assertEquals(List.of(), browser.accessibilityViolations());
        }
    }

    private RunningRegistry start(String configuration) throws Exception {
        return start(configuration, directory.resolve("images"));
    }

    private RunningRegistry start(String configuration, Path images) throws Exception {
        return RunningRegistry.start(
                configuration + "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n",
                Files.createDirectories(images));
    }

    /** Writes 4,000 manifests with 5 tags each. */
    private void writeCacheOfTwentyThousandNames() throws IOException {
        Path images = directory.resolve("images");
        GoCache.create(images, GoCache.Version.V1_8);
        for (int i = 0; i < 4000; i++) {
            byte[] bytes = """
                {"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
                "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
                "layers": [], "annotations": {"number": "%d"}}\
                """.formatted(i).getBytes(StandardCharsets.UTF_8);
            Manifest manifest = Manifest.parse(bytes, MediaType.OCI_MANIFEST);
            List<RecordedReference> names = new ArrayList<>();
            for (int tag = 0; tag < 5; tag++) {
                Instant time = Instant.EPOCH.plusSeconds(1_700_000_000L + i * 5L + tag);
                ImageReference name = ImageReference.parse("r.example/team/app-%04d:v%d".formatted(i, tag));
                names.add(new RecordedReference(name, time, time, time));
            }
            Files.write(
                    images.resolve("img").resolve(manifest.digest().hex()),
                    RecordFormat.write(new ManifestRecord(manifest, names)));
        }
    }

    private static void open(RunningRegistry registry) {
        browser.open(registry.base() + "/").awaitText("#image-count", "name");
    }

    private static void get(RunningRegistry registry, String path) throws IOException {
        RawHttp.get(registry.base(), path).body();
    }

    private static void pull(RunningRegistry registry, FakeImage image, String repository) throws Exception {
        get(registry, "/v2/" + repository + "/manifests/1.0?ns=r.example");
        get(registry, "/v2/" + repository + "/blobs/" + image.config().digest() + "?ns=r.example");
        get(registry, "/v2/" + repository + "/blobs/" + image.layer(0) + "?ns=r.example");
        registry.awaitDownloads();
    }

    private static String list(RunningRegistry registry) throws IOException {
        return registry.operator().get("/cmd/manifest/list").text();
    }

    private static String cell(int row, String column) {
        return browser.run("return document.querySelector('#row-" + row + " ." + column + "').textContent")
                .asText();
    }

    private static void assertFewElements() {
        int elements =
                browser.run("return document.querySelectorAll('*').length").asInt();
        assertTrue(elements < 500, elements + " elements");
    }

    private static void assertUnharmed() {
        assertTrue(browser.run("return window.hacked === undefined").asBoolean());
        assertEquals(0, browser.run("return document.images.length").asInt());
    }

    private static String[] letters(String text) {
        return text.split("");
    }

    /** Presses the tabulator until an element has the focus. */
    private static void focusByTab(String id) {
        String active = "";
        for (int i = 0; i < 80 && !active.equals(id); i++) {
            browser.press(Chromium.TAB);
            active = browser.run("return document.activeElement.id").asText();
        }
        assertEquals(id, active);
    }

    private static String background() {
        return browser.run("return getComputedStyle(document.body).backgroundColor")
                .asText();
    }

    /** The errors in the console besides answers with an error, which the browser logs too. */
    private static List<String> errors() {
        return browser.console().stream()
                .filter(message -> !message.matches(".*the server responded with a status of 40[03].*"))
                .toList();
    }
}
