package io.ociregistry.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Debian's Chromium without a screen, controlled over the WebDriver protocol of the W3C. It resolves no name. */
final class Chromium implements AutoCloseable {
    static final String ENTER = "\uE007";
    static final String TAB = "\uE004";
    static final String HOME = "\uE011";
    static final String END = "\uE010";
    static final String DOWN = "\uE015";

    /** Control and A; then all keys are released. */
    private static final String SELECT_ALL = "\uE009a\uE000";

    private static final String DELETE = "\uE017";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final Path SCREENSHOTS = Path.of("target", "screenshots");
    private static final Pattern PORT = Pattern.compile("started successfully on port ([0-9]+)");
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final List<String> ARGUMENTS = List.of(
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--lang=en-GB",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost");

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final Program driver;
    private final URI session;

    private Chromium(Program driver, URI base) {
        this.driver = driver;
        ObjectNode wanted = JSON.createObjectNode();
        ObjectNode always = wanted.putObject("capabilities").putObject("alwaysMatch");
        always.putObject("goog:loggingPrefs").put("browser", "ALL");
        always.putObject("goog:chromeOptions").set("args", JSON.valueToTree(ARGUMENTS));
        String id =
                send("POST", base.resolve("/session"), wanted).path("sessionId").asText();
        this.session = base.resolve("/session/" + id + "/");
    }

    static void require() {
        Peers.require("chromium", "chromedriver");
    }

    /** Starts the browser. Its profile is in {@code home}. */
    static Chromium start(Path home) {
        var driver = Program.start(
                "chromedriver", Map.of("HOME", home.toString(), "TZ", "UTC"), List.of("chromedriver", "--port=0"));
        driver.waitUntil(
                "the log names its port", () -> PORT.matcher(driver.log()).find());
        String port =
                PORT.matcher(driver.log()).results().findFirst().orElseThrow().group(1);
        try {
            return new Chromium(driver, URI.create("http://" + Loopback.ADDRESS + ":" + port + "/"));
        } catch (RuntimeException | Error e) {
            driver.close();
            throw e;
        }
    }

    Chromium open(String url) {
        command("url", JSON.createObjectNode().put("url", url));
        return this;
    }

    /** Runs the body of a function in the page, and returns its value. */
    JsonNode run(String script) {
        ObjectNode body = JSON.createObjectNode().put("script", script);
        body.putArray("args");
        return command("execute/sync", body);
    }

    /** Waits until an expression is true. */
    Chromium await(String expression) {
        await(() -> run("return Boolean(" + expression + ")").asBoolean(), () -> "never true: " + expression);
        return this;
    }

    /** Waits until the visible text of an element contains a text. */
    Chromium awaitText(String selector, String part) {
        await(() -> text(selector).contains(part), () -> selector + " has no '" + part + "' but: " + text(selector));
        return this;
    }

    private static void await(BooleanSupplier condition, Supplier<String> failure) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError(failure.get());
            }
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /** Returns the text of an element as it can be seen; empty if it is hidden. */
    String text(String selector) {
        return run("const found = document.querySelector('" + selector + "');"
                        + "return found && found.checkVisibility() ? found.innerText : ''")
                .asText();
    }

    /** Clicks on an element; on its successor if the page replaces it at this moment. */
    Chromium click(String selector) {
        try {
            command("element/" + find(selector) + "/click", JSON.createObjectNode());
            return this;
        } catch (StaleElement replaced) {
            return click(selector);
        }
    }

    /** The page replaced an element after it was found. */
    private static final class StaleElement extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** Replaces the text of a field by typed keys. */
    Chromium type(String selector, String text) {
        command(
                "element/" + find(selector) + "/value",
                JSON.createObjectNode().put("text", SELECT_ALL + DELETE + text));
        return this;
    }

    /** Presses keys, one after the other, wherever the focus is. */
    Chromium press(String... keys) {
        ObjectNode body = JSON.createObjectNode();
        ObjectNode device =
                body.putArray("actions").addObject().put("type", "key").put("id", "keyboard");
        var actions = device.putArray("actions");
        for (String key : keys) {
            actions.addObject().put("type", "keyDown").put("value", key);
            actions.addObject().put("type", "keyUp").put("value", key);
        }
        command("actions", body);
        return this;
    }

    private String find(String selector) {
        JsonNode element = command(
                "element", JSON.createObjectNode().put("using", "css selector").put("value", selector));
        return element.elements().next().asText();
    }

    /** Sets the size of the page, as that of a device. */
    Chromium resize(int width, int height) {
        return devtools(
                "Emulation.setDeviceMetricsOverride",
                JSON.createObjectNode()
                        .put("width", width)
                        .put("height", height)
                        .put("deviceScaleFactor", 1)
                        .put("mobile", width < 600));
    }

    /** Sets the colour scheme that the user prefers: light or dark. */
    Chromium prefer(String scheme) {
        ObjectNode parameters = JSON.createObjectNode();
        parameters
                .putArray("features")
                .addObject()
                .put("name", "prefers-color-scheme")
                .put("value", scheme);
        return devtools("Emulation.setEmulatedMedia", parameters);
    }

    private Chromium devtools(String name, ObjectNode parameters) {
        ObjectNode body = JSON.createObjectNode().put("cmd", name);
        body.set("params", parameters);
        command("goog/cdp/execute", body);
        return this;
    }

    /** Saves what the window shows in target/screenshots, from an element on. */
    Chromium screenshot(String name, String selector) {
        run("document.querySelector('" + selector + "').scrollIntoView()");
        return screenshot(name);
    }

    /** Saves what the window shows in target/screenshots. */
    Chromium screenshot(String name) {
        try {
            byte[] image = Base64.getDecoder()
                    .decode(send("GET", session.resolve("screenshot"), null).asText());
            Files.write(Files.createDirectories(SCREENSHOTS).resolve(name + ".png"), image);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the messages of the console since the last call, such as violations of the security policy. */
    List<String> console() {
        List<String> messages = new ArrayList<>();
        command("se/log", JSON.createObjectNode().put("type", "browser"))
                .forEach(entry -> messages.add(entry.path("message").asText()));
        return messages;
    }

    /** Returns the violations that axe finds in the page, each with its elements. */
    List<String> accessibilityViolations() {
        try (var script = Chromium.class.getResourceAsStream("/axe.min.js")) {
            run(new String(script.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ObjectNode body = JSON.createObjectNode()
                .put("script", "const done = arguments[0]; axe.run().then(result => done(result.violations))");
        body.putArray("args");
        List<String> violations = new ArrayList<>();
        command("execute/async", body)
                .forEach(violation -> violations.add(violation.path("id").asText() + ": "
                        + violation.path("nodes").findValuesAsText("html").stream()
                                .collect(Collectors.joining(", "))
                        + violation.path("nodes").findValuesAsText("failureSummary")));
        return violations;
    }

    private JsonNode command(String path, ObjectNode body) {
        return send("POST", session.resolve(path), body);
    }

    private JsonNode send(String method, URI uri, ObjectNode body) {
        try {
            var request = HttpRequest.newBuilder(uri)
                    .timeout(Duration.ofSeconds(60))
                    .header("Content-Type", "application/json")
                    .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body.toString()))
                    .build();
            var answer = client.send(request, BodyHandlers.ofString());
            JsonNode value = JSON.readTree(answer.body()).path("value");
            if (value.path("error").asText().equals("stale element reference")) {
                throw new StaleElement();
            }
            if (answer.statusCode() != 200) {
                throw new AssertionError(
                        method + " " + uri + ": " + value.path("message").asText());
            }
            return value;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        try {
            send("DELETE", URI.create(session.toString().replaceFirst("/$", "")), null);
        } finally {
            driver.close();
        }
    }
}
